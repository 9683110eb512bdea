// One step of a job: a transaction of its own, as the owner of the table, under READ COMMITTED.
//
// An ERROR ends the step and nothing else: the step runs in a subtransaction, so that the session
// (or worker) goes on to record it. Steps are run by a procedure that may end transactions, with no
// snapshot active.
#pragma once

#include "extension/partition/table_owner.h"
#include "extension/pg/subtransaction.h"

namespace footfall::worker {

// For a background worker: nobody has asked for these jobs, so those of superusers' tables run only
// when footfall.superuser_jobs says so.
void setUnattended();
bool isUnattended();

// Begins and ends what surrounds the subtransaction.
void beginStep(bool snapshot);
void endStep(bool snapshot);

// Whose step it is, looked up anew for each: 42501 when it is not for the current user to run.
Oid requireStepOwner(Oid relation);

// The running transaction's commit, and with it all that it has seen committed, is on disk here and
// on synchronous standbys before what comes after it: for those who then change what no crash
// brings back. Outside of subtransactions; the transaction must write something.
void commitDurably();

// Runs `body`; nullptr, or the ERROR that it ended in, allocated in the current context, which the
// caller has chosen to outlive transactions.
template <class Body>
ErrorData* runStep(Oid relation, bool snapshot, Body&& body, bool durable = false) {
    beginStep(snapshot);
    if (durable) {
        commitDurably();
    }
    ErrorData* failure = pg::trySubtransaction([&] {
        const partition::OwnerScope scope = partition::enterAsOwner(requireStepOwner(relation));
        body();
        partition::leave(scope);
    });
    endStep(snapshot);
    return failure;
}

}  // namespace footfall::worker
