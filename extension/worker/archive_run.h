// Archiving tables and bringing them back, a step at a time.
//
// The idea: every change of the database is a step, a transaction of its own, and so is what its
// next state needs from outside (worker/archive_transfer.h), with nothing open that others could
// wait for. The manifest (catalog/archive_object.h) is written before and after, so a run that ends
// anywhere, by an ERROR or with the server, is taken up by the next one: a rerun asks the manifest,
// and everything done twice has the effect of once.
//
// Who archives a table holds the job locks of its root and of the leaf for the session
// (catalog::tryLockJob): the root's for the folder, the leaf's for whatever the root is next.
#pragma once

#include "extension/catalog/job_record.h"
#include "extension/pg/guard.h"
#include "extension/pg/pg.h"

namespace footfall::worker {

// The number of the job in its lock, and in the view footfall.jobs.
inline constexpr int kArchiveNumber = 4;

// All of a leaf table goes to the server: sealed, compacted, then archived. Adds to `result` rows
// and bytes, and keeps its first error.
void archiveLeaf(Oid relation, Oid leaf, const char* server, catalog::JobResult* result);

// Seals and compacts what is local of a leaf table, and gives back the space. False after an error.
bool compactLeaf(Oid relation, Oid leaf, catalog::JobResult* result);

// Runs `body` with the lock of one leaf table, besides that of `root`, which is held: a partition
// that is detached or attached meanwhile has another root. 55P03 in the result when another session
// has it.
void lockLeafJob(Oid leaf, catalog::JobResult* result);
template <class Body>
void withLeafLock(Oid root, Oid leaf, catalog::JobResult* result, Body&& body) {
    if (leaf == root) {
        body();
        return;
    }
    lockLeafJob(leaf, result);
    if (result->error == nullptr) {
        pg::withCleanup(body, [&] { catalog::unlockJob(leaf, kArchiveNumber); });
    }
}

// Where a leaf table has objects with deleted rows, or such that were left half done or are to go.
struct EraseWork {
    List* servers;  // names; where the last change was comes first
    bool
        onlyArchived;  // no row was local when the erase (or an earlier one, unfinished) came to it
};
EraseWork eraseWork(Oid leaf, catalog::JobResult* result);

// Objects of a leaf table on a server in which rows are deleted come back, so that a compaction can
// drop them; the manifest notes whether they are to be archived again.
void unarchiveDeleted(Oid leaf, const char* server, bool again, catalog::JobResult* result);

// All archived rows of a leaf table come back; what was begun is taken back.
void unarchiveLeaf(Oid relation, Oid leaf, catalog::JobResult* result);

}  // namespace footfall::worker
