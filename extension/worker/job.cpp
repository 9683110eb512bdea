// See job.h.
#include "extension/worker/job.h"

#include "extension/catalog/segment_row.h"
#include "extension/catalog/tombstone.h"
#include "extension/functions/maintenance.h"
#include "extension/functions/partitions.h"
#include "extension/partition/brief_lock.h"
#include "extension/partition/new_partition.h"
#include "extension/partition/retention.h"
#include "extension/storage/rewrite.h"
#include "extension/worker/archive_job.h"
#include "extension/worker/archive_run.h"
#include "extension/worker/job_step.h"
#include "extension/worker/leaf_step.h"

namespace footfall::worker {

namespace {

constexpr int64 kHour = USECS_PER_HOUR;

// Slots of strays that one run makes partitions for: garbage in the time column is not to become
// thousands of partitions at once.
constexpr int kStraySlots = 64;

int64 lengthOf(const Interval* interval) {
    return interval->time + (interval->day + int64{interval->month} * 30) * USECS_PER_DAY;
}

int64 between(int64 least, int64 value, int64 most) {
    return Max(least, Min(value, most));
}

int64 slotLength(const partition::Policy& policy) {
    return policy.grid.micros + (policy.grid.days + int64{policy.grid.months} * 30) * USECS_PER_DAY;
}

// Each time a quarter of the span has passed in which the job's work piles up.
int64 partitionsPeriod(const partition::Policy& policy) {
    return between(10 * USECS_PER_SEC, slotLength(policy) / 4, kHour);
}

int64 sealPeriod(const partition::Policy& policy) {
    return between(10 * USECS_PER_SEC, lengthOf(policy.sealAfter) / 4, kHour);
}

int64 closingPeriod(const partition::Policy& policy) {
    return between(10 * USECS_PER_SEC, slotLength(policy) / 2, kHour);
}

// The policy in force now: it may have changed since the job was chosen.
partition::Policy currentPolicy(Oid relation) {
    LockRelationOid(relation, AccessShareLock);
    return partition::policyOf(relation);
}

// Makes the missing partitions of the slots [first, last], each in a step of its own. False when a
// step failed.
bool fillSlots(Oid relation, int64 first, int64 last, partition::Made* made, JobResult* result) {
    for (bool more = true; more;) {
        CHECK_FOR_INTERRUPTS();
        partition::Made next = {};
        if (failed(result, runStep(relation, true, [&] {
                       const partition::Policy policy = currentPolicy(relation);
                       more = policy.makesPartitions &&
                              partition::makeNextPartition(relation, policy, first, last, &next);
                   }))) {
            return false;
        }
        made->partitions += next.partitions;
        made->rows += next.rows;
    }
    return true;
}

void runPartitions(Oid relation, TimestampTz now, JobResult* result) {
    partition::Made made = {};
    bool wanted = false;
    int64 first = 0;
    int64 last = -1;
    if (failed(result, runStep(relation, true,
                               [&] {
                                   const partition::Policy policy = currentPolicy(relation);
                                   if (!policy.makesPartitions) {
                                       return;
                                   }
                                   wanted = true;
                                   (void)partition::makeDefaultPartition(relation, policy);
                                   first = partition::currentSlot(policy, now);
                                   last = first + policy.premake;
                               })) ||
        !wanted) {
        return;
    }
    (void)fillSlots(relation, first, last, &made, result);
    List* strays = NIL;
    if (!isCancel(result)) {
        (void)failed(
            result, runStep(relation, true, [&] {
                const partition::Policy policy = currentPolicy(relation);
                if (!policy.makesPartitions) {
                    return;
                }
                List* slots = partition::straySlots(relation, policy, kStraySlots);
                ListCell* cell;
                foreach (cell, slots) {
                    // What is too old to keep is the job retain's.
                    const int64 slot = *static_cast<int64*>(lfirst(cell));
                    if (policy.retain == nullptr || partition::lowerOf(policy.grid, slot + 1) >
                                                        partition::retentionLimit(policy, now)) {
                        strays = lappend(strays, lfirst(cell));
                    }
                }
            }));
    }
    ListCell* cell;
    foreach (cell, strays) {
        const int64 slot = *static_cast<int64*>(lfirst(cell));
        (void)fillSlots(relation, slot, slot, &made, result);
        if (isCancel(result)) {
            break;
        }
    }
    result->rows = made.rows;
    result->done = psprintf("made " INT64_FORMAT " partitions, moved " INT64_FORMAT " strays",
                            made.partitions, made.rows);
}

int64 sealedBytes(Oid table) {
    Relation relation = table_open(table, AccessShareLock);
    const Oid storage = catalog::storageOf(relation);
    table_close(relation, NoLock);
    return OidIsValid(storage) ? DatumGetInt64(DirectFunctionCall1(pg_total_relation_size,
                                                                   ObjectIdGetDatum(storage)))
                               : 0;
}

void runSeal(Oid relation, TimestampTz now, JobResult* result) {
    List* leaves = NIL;
    int64 limit = 0;
    char* column = nullptr;
    int others = 0;
    if (failed(result, runStep(relation, true, [&] {
                   const partition::Policy policy = currentPolicy(relation);
                   if (policy.sealAfter == nullptr) {
                       return;
                   }
                   limit = partition::before(policy.grid, partition::fromMoment(policy.grid, now),
                                             policy.sealAfter);
                   column = policy.timeColumn;
                   leaves = leavesOf(relation, &others);
               }))) {
        return;
    }
    int busy = 0;
    ListCell* cell;
    foreach (cell, leaves) {
        CHECK_FOR_INTERRUPTS();
        const Oid leaf = lfirst_oid(cell);
        int64 rows = 0;
        int64 bytes = 0;
        ErrorData* failure = runStep(relation, true, [&] {
            if (lockLeaf(leaf)) {
                const int64 before = sealedBytes(leaf);
                rows = functions::sealTable(leaf, get_attnum(leaf, column), limit);
                bytes = rows > 0 ? sealedBytes(leaf) - before : 0;
            }
        });
        if (inUse(failure)) {
            busy++;
        } else if (!failed(result, failure)) {
            result->rows += rows;
            result->bytes += bytes;
        }
        if (isCancel(result)) {
            return;
        }
    }
    result->done = psprintf("sealed " INT64_FORMAT " rows", result->rows);
    if (busy > 0) {
        result->done =
            psprintf("%s; %d tables in use were left for the next run", result->done, busy);
    }
    result->done = describeDone(result->done, others);
}

// Deleted rows beyond this share make a compacted table worth compacting again.
constexpr int64 kTombstoneShare = 20;

// Deleted rows of cold segments, which stay where they are.
int64 coldTombstones(Oid storage, bool unlogged, const catalog::SegmentRow& row) {
    int32 deleted = 0;
    uint64* bitmap = catalog::deletedRows(storage, unlogged, row.number, row.rows,
                                          GetActiveSnapshot(), &deleted);
    if (bitmap != nullptr) {
        pfree(bitmap);
    }
    return deleted;
}

// Rows that a compaction of the table would go through; 0 when it has nothing to do.
int64 rowsToCompact(Oid leaf) {
    Relation table = table_open(leaf, AccessShareLock);
    const Oid storage = catalog::storageOf(table);
    const bool unlogged = catalog::usesUnlogged(table->rd_rel->relpersistence);
    const bool hot = RelationGetNumberOfBlocks(table) > 1;
    table_close(table, NoLock);
    if (!OidIsValid(storage)) {
        return hot ? 1 : 0;
    }
    const catalog::SegmentList list = catalog::listSegments(storage, unlogged, GetActiveSnapshot());
    bool needed = hot;
    int64 rows = 0;
    int64 cold = 0;
    for (int i = 0; i < list.count; i++) {
        if (list.rows[i].isCold()) {
            cold += coldTombstones(storage, unlogged, list.rows[i]);
            continue;
        }
        needed |= list.rows[i].level != catalog::Level::Compacted;
        rows += list.rows[i].rows;
    }
    if (!needed) {
        const int64 deleted =
            catalog::countTombstones(storage, unlogged, GetActiveSnapshot()) - cold;
        needed = deleted * kTombstoneShare > rows;
    }
    return needed ? Max(rows, 1) : 0;
}

void runCompact(Oid relation, TimestampTz now, JobResult* result) {
    List* leaves = NIL;
    int others = 0;
    if (failed(result, runStep(relation, true, [&] {
                   const partition::Policy policy = currentPolicy(relation);
                   if (policy.compactAfter == nullptr) {
                       return;
                   }
                   const int64 limit = partition::before(
                       policy.grid, partition::fromMoment(policy.grid, now), policy.compactAfter);
                   Relation parent = table_open(relation, NoLock);
                   const partition::Ranges ranges = partition::rangesOf(parent, policy.grid.type);
                   table_close(parent, NoLock);
                   for (int i = 0; i < ranges.count && ranges.items[i].upper <= limit; i++) {
                       leaves = list_concat(leaves, leavesOf(ranges.items[i].partition, &others));
                   }
               }))) {
        return;
    }
    int tables = 0;
    CompactionRun run = {relation, result, false};
    ListCell* cell;
    foreach (cell, leaves) {
        CHECK_FOR_INTERRUPTS();
        const Oid leaf = lfirst_oid(cell);
        int64 rows = 0;
        int64 bytes = 0;
        ErrorData* failure = runStep(relation, true, [&] {
            if (lockLeaf(leaf) && rowsToCompact(leaf) > 0) {
                bytes = DatumGetInt64(
                    DirectFunctionCall1(pg_total_relation_size, ObjectIdGetDatum(leaf)));
                (void)functions::sealTable(leaf);
                rows = rowsToCompact(leaf);
            }
        });
        if (inUse(failure)) {
            run.busy = true;
            continue;
        }
        if (failed(result, failure)) {
            if (isCancel(result)) {
                return;
            }
            continue;
        }
        if (rows == 0) {
            continue;
        }
        functions::compactInSteps(leaf, compactionStepOfJob, &run);
        if (isCancel(result)) {
            return;
        }
        tables++;
        result->rows += rows;
        result->bytes += bytes;
    }
    result->done =
        describeDone(psprintf("compacted %d partitions%s", tables,
                              run.busy ? "; some in use were left for the next run" : ""),
                     others);
}

void runRetain(Oid relation, TimestampTz now, JobResult* result) {
    List* expired = NIL;
    if (failed(result, runStep(relation, true, [&] {
                   const partition::Policy policy = currentPolicy(relation);
                   if (policy.retain != nullptr) {
                       expired = partition::expiredPartitions(
                           relation, policy, partition::retentionLimit(policy, now));
                   }
               }))) {
        return;
    }
    StringInfoData names;
    initStringInfo(&names);
    ListCell* cell;
    foreach (cell, expired) {
        CHECK_FOR_INTERRUPTS();
        const Oid partition = lfirst_oid(cell);
        char* name = nullptr;
        bool dropped = false;
        int64 bytes = 0;
        if (failed(result, runStep(relation, true, [&] {
                       name = get_rel_name(partition);
                       dropped = partition::dropPartition(relation, partition, now, &bytes);
                   }))) {
            if (isCancel(result)) {
                return;
            }
            continue;
        }
        if (dropped) {
            appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "dropped ", name);
            result->bytes += bytes;
        }
    }
    (void)failed(result, runStep(relation, true, [&] {
                     const partition::Policy policy = currentPolicy(relation);
                     if (policy.retain != nullptr) {
                         result->rows = partition::deleteExpiredStrays(
                             relation, policy, partition::retentionLimit(policy, now));
                     }
                 }));
    result->done = names.len > 0 ? names.data : pstrdup("dropped nothing");
}

}  // namespace

const Job kJobs[kJobCount] = {
    {"partitions", 0, false, false, [](const partition::Policy& p) { return p.makesPartitions; },
     partitionsPeriod, runPartitions},
    {"seal", 1, false, false, [](const partition::Policy& p) { return p.sealAfter != nullptr; },
     sealPeriod, runSeal},
    {"compact", 2, true, false,
     [](const partition::Policy& p) { return p.compactAfter != nullptr; }, closingPeriod,
     runCompact},
    {catalog::kRetainJob, catalog::kRetainNumber, true, true,
     [](const partition::Policy& p) { return p.retain != nullptr; }, closingPeriod, runRetain},
    {"archive", kArchiveNumber, true, false,
     [](const partition::Policy& p) {
         return p.archiveTo != nullptr && (p.archiveAfter != nullptr || p.archiveAbove >= 0);
     },
     closingPeriod, runArchive},
};

}  // namespace footfall::worker
