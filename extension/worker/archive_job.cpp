// See archive_job.h.
#include "extension/worker/archive_job.h"

#include "extension/catalog/archive_object.h"
#include "extension/catalog/segment_row.h"
#include "extension/partition/policy.h"
#include "extension/partition/ranges.h"
#include "extension/storage/toast_space.h"
#include "extension/worker/archive_folder.h"
#include "extension/worker/archive_run.h"
#include "extension/worker/job_step.h"
#include "extension/worker/leaf_step.h"

namespace footfall::worker {

namespace {

struct Closed {
    int64 upper;   // exclusive end of the partition
    List* leaves;  // its footfall tables
};

struct Plan {
    char* server;
    int64 before;  // what ended by then is archived by its age; INT64_MIN: nothing
    int64 above;   // bytes; -1: not set
    List* closed;  // of Closed*, oldest first
    int others;    // of the tables that have ended, those of other owners
};

// The policy as it is now, and the partitions that have ended.
void makePlan(Oid relation, TimestampTz now, Plan* plan) {
    LockRelationOid(relation, AccessShareLock);
    const partition::Policy policy = partition::policyOf(relation);
    plan->server = policy.archiveTo;
    plan->above = policy.archiveAbove;
    plan->before = PG_INT64_MIN;
    if (policy.archiveTo == nullptr || !policy.makesPartitions) {
        plan->server = nullptr;
        return;
    }
    const int64 present = partition::fromMoment(policy.grid, now);
    if (policy.archiveAfter != nullptr) {
        plan->before = partition::before(policy.grid, present, policy.archiveAfter);
    }
    Relation parent = table_open(relation, NoLock);
    const partition::Ranges ranges = partition::rangesOf(parent, policy.grid.type);
    table_close(parent, NoLock);
    for (int i = 0; i < ranges.count && ranges.items[i].upper <= present; i++) {
        auto* closed = static_cast<Closed*>(palloc(sizeof(Closed)));
        *closed = {ranges.items[i].upper, leavesOf(ranges.items[i].partition, &plan->others)};
        plan->closed = lappend(plan->closed, closed);
    }
}

// Whether a leaf has rows in the database that archiving would take, objects it would finish, or
// space that an older snapshot kept it from giving back.
bool hasWork(Oid leaf) {
    Relation table = table_open(leaf, AccessShareLock);
    const Oid storage = catalog::storageOf(table);
    const bool hot = RelationGetNumberOfBlocks(table) > 1;
    const bool permanent = table->rd_rel->relpersistence == RELPERSISTENCE_PERMANENT;
    const bool sparse = OidIsValid(storage) && storage::isSparse(table);
    table_close(table, NoLock);
    if (!permanent) {
        return false;
    }
    if (hot || sparse || !OidIsValid(storage)) {
        return hot || sparse;
    }
    const catalog::SegmentList segments =
        catalog::listSegments(storage, false, GetActiveSnapshot());
    for (int i = 0; i < segments.count; i++) {
        if (!segments.rows[i].isCold()) {
            return true;
        }
    }
    const catalog::ArchiveObjectList objects = catalog::listArchiveObjects(storage);
    for (int i = 0; i < objects.count; i++) {
        if (objects.rows[i].state < catalog::ObjectState::Switched) {
            return true;
        }
    }
    return false;
}

// What archiving could free: hot rows and local segments of all partitions. What would stay, such
// as the indexes of archived segments, must not make it archive ever more.
int64 localBytes(Oid relation) {
    int64 bytes = 0;
    ListCell* cell;
    foreach (cell, leavesOf(relation)) {
        CHECK_FOR_INTERRUPTS();
        Relation table = table_open(lfirst_oid(cell), AccessShareLock);
        const BlockNumber hot = RelationGetNumberOfBlocks(table);
        const Oid storage = catalog::storageOf(table);
        bytes += hot > 1 ? int64{hot} * BLCKSZ : 0;
        if (OidIsValid(storage) && table->rd_rel->relpersistence == RELPERSISTENCE_PERMANENT) {
            const catalog::SegmentList segments =
                catalog::listSegments(storage, false, GetActiveSnapshot());
            for (int i = 0; i < segments.count; i++) {
                bytes += segments.rows[i].isCold() ? 0 : segments.rows[i].storedBytes;
            }
        }
        table_close(table, NoLock);
    }
    return bytes;
}

}  // namespace

void runArchive(Oid relation, TimestampTz now, catalog::JobResult* result) {
    Plan plan = {};
    if (failed(result, runStep(relation, true, [&] { makePlan(relation, now, &plan); })) ||
        plan.server == nullptr) {
        return;
    }
    int partitions = 0;
    bool busy = false;
    ListCell* cell;
    foreach (cell, plan.closed) {
        const Closed& closed = *static_cast<Closed*>(lfirst(cell));
        ListCell* leafCell;
        foreach (leafCell, closed.leaves) {
            CHECK_FOR_INTERRUPTS();
            const Oid leaf = lfirst_oid(leafCell);
            bool wanted = false;
            if (failed(result, runStep(relation, true, [&] {
                           const bool due = closed.upper <= plan.before ||
                                            (plan.above >= 0 && localBytes(relation) > plan.above);
                           wanted =
                               due && get_rel_relkind(leaf) == RELKIND_RELATION && hasWork(leaf);
                       }))) {
                return;
            }
            if (!wanted) {
                continue;
            }
            withLeafLock(relation, leaf, result,
                         [&] { archiveLeaf(relation, leaf, plan.server, result); });
            if (inUse(result->error)) {
                // The next run goes on with it.
                result->error = nullptr;
                busy = true;
                continue;
            }
            if (result->error != nullptr) {
                return;
            }
            partitions++;
        }
    }
    vacuumFolders(relation, kDefaultGrace, result);
    if (result->error != nullptr) {
        return;
    }
    result->done =
        describeDone(psprintf("archived " INT64_FORMAT " rows of %d partitions%s", result->rows,
                              partitions, busy ? "; some in use were left for the next run" : ""),
                     plan.others);
}

}  // namespace footfall::worker
