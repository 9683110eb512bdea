// Steps of a run over one leaf table's archive: what archive_run and archive_removal share.
//
// A step is a transaction of its own. What it allocates lives in the run's context, which outlives
// transactions; its ERROR is kept in the run's result, and the run ends.
#pragma once

#include "extension/archive/server.h"
#include "extension/catalog/archive_object.h"
#include "extension/catalog/job_record.h"
#include "extension/partition/table_owner.h"
#include "extension/pg/pg.h"
#include "extension/worker/job_step.h"
#include "extension/worker/leaf_step.h"

namespace footfall::worker {

struct Run {
    Oid relation;  // as whose owner steps are run
    Oid leaf;
    Oid root;  // set by those who need it
    MemoryContext context;
    catalog::JobResult* result;
};

// The caller deletes `context`.
inline Run beginRun(Oid relation, Oid leaf, catalog::JobResult* result) {
    Run run = {relation, leaf, InvalidOid, nullptr, result};
    run.context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall archive run", ALLOCSET_DEFAULT_SIZES);
    return run;
}

// False after an ERROR. `durable`: the commit is on disk when this returns, whatever
// synchronous_commit says.
template <class Body>
bool step(Run& run, bool snapshot, Body&& body, bool durable = false) {
    ErrorData* failure = runStep(
        run.relation, snapshot,
        [&] {
            MemoryContext previous = MemoryContextSwitchTo(run.context);
            body();
            MemoryContextSwitchTo(previous);
        },
        durable);
    return !failed(run.result, failure);
}

// With the rights that the leaf's owner has now.
inline archive::Access accessNow(const Run& run, const catalog::ArchiveObject& object) {
    return archive::accessOf(object.server, partition::ownerOf(run.leaf));
}

}  // namespace footfall::worker
