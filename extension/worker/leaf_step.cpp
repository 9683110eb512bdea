// See leaf_step.h.
#include "extension/worker/leaf_step.h"

#include "extension/functions/partitions.h"
#include "extension/partition/brief_lock.h"
#include "extension/storage/rewrite.h"
#include "extension/worker/job_step.h"

namespace footfall::worker {

bool failed(JobResult* result, ErrorData* failure) {
    if (failure == nullptr) {
        return false;
    }
    if (result->error == nullptr) {
        result->error = failure;
    }
    return true;
}

bool inUse(const ErrorData* failure) {
    return failure != nullptr && failure->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
}

bool isCancel(const JobResult* result) {
    return result->error != nullptr && result->error->sqlerrcode == ERRCODE_QUERY_CANCELED;
}

List* leavesOf(Oid relation, int* others) {
    List* leaves = NIL;
    ListCell* cell;
    foreach (cell, find_all_inheritors(relation, AccessShareLock, nullptr)) {
        const Oid leaf = lfirst_oid(cell);
        if (get_rel_relkind(leaf) != RELKIND_RELATION) {
            continue;
        }
        Relation table = table_open(leaf, NoLock);
        if (storage::isFootfallTable(table)) {
            if (functions::ownsRelation(leaf)) {
                leaves = lappend_oid(leaves, leaf);
            } else if (others != nullptr) {
                ++*others;
            }
        }
        table_close(table, NoLock);
    }
    return leaves;
}

char* describeDone(const char* done, int others) {
    return others == 0 ? pstrdup(done)
                       : psprintf("%s; %d tables of other owners were left out", done, others);
}

bool lockLeaf(Oid leaf) {
    if (get_rel_relkind(leaf) != RELKIND_RELATION) {
        return false;
    }
    partition::lockBriefly(leaf, ShareUpdateExclusiveLock);
    return functions::ownsRelation(leaf);
}

functions::Outcome compactionStepOfJob(Oid table, functions::Step step, void* context) {
    auto* run = static_cast<CompactionRun*>(context);
    functions::Outcome outcome = functions::Outcome::Nothing;
    const bool snapshot = step != functions::Step::Vacuum;
    ErrorData* failure = runStep(run->relation, snapshot, [&] {
        if (lockLeaf(table)) {
            outcome = functions::compactionStep(table, step);
        }
    });
    if (failure != nullptr) {
        outcome = functions::Outcome::Nothing;
        run->busy |= inUse(failure);
        if (!inUse(failure)) {
            (void)failed(run->result, failure);
        }
    }
    return outcome;
}

}  // namespace footfall::worker
