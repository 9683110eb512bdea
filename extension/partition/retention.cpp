// See retention.h.
#include "extension/partition/retention.h"

#include "extension/partition/brief_lock.h"
#include "extension/partition/stray_rows.h"
#include "extension/partition/table_owner.h"

namespace footfall::partition {

namespace {

// Strays go by whole slots, as partitions do.
int64 strayLimit(const Policy& policy, int64 limit) {
    return lowerOf(policy.grid, slotAt(policy.grid, limit));
}

bool hasRows(Oid partition) {
    ListCell* cell;
    foreach (cell, find_all_inheritors(partition, AccessShareLock, nullptr)) {
        Relation table = table_open(lfirst_oid(cell), AccessShareLock);
        bool found = false;
        // What has no storage of its own, a foreign table for one, counts as rows: it is not ours
        // to read.
        if (table->rd_rel->relkind == RELKIND_RELATION) {
            TupleTableSlot* slot = table_slot_create(table, nullptr);
            TableScanDesc scan = table_beginscan(table, GetActiveSnapshot(), 0, nullptr);
            found = table_scan_getnextslot(scan, ForwardScanDirection, slot);
            table_endscan(scan);
            ExecDropSingleTupleTableSlot(slot);
        } else {
            found = table->rd_rel->relkind != RELKIND_PARTITIONED_TABLE;
        }
        table_close(table, NoLock);
        if (found) {
            return true;
        }
    }
    return false;
}

Strays straysOf(Oid partition, const Policy& policy, int64 limit) {
    // What is no plain table is not emptied: its rows stay.
    if (!OidIsValid(partition) || get_rel_relkind(partition) != RELKIND_RELATION) {
        return {false, OidIsValid(partition) && hasRows(partition)};
    }
    Relation table = table_open(partition, AccessShareLock);
    const Strays strays = lookAtStrays(table, get_attnum(partition, policy.timeColumn), policy.grid,
                                       strayLimit(policy, limit));
    table_close(table, NoLock);
    return strays;
}

// Rows among those that stay, or none that go.
bool somethingStays(const Ranges& ranges, const Policy& policy, int64 limit) {
    bool goes = false;
    // From the newest on, where rows are that stay.
    for (int i = ranges.count - 1; i >= 0; i--) {
        CHECK_FOR_INTERRUPTS();
        const bool stays = ranges.items[i].upper > limit;
        if ((stays || !goes) && hasRows(ranges.items[i].partition)) {
            if (stays) {
                return true;
            }
            goes = true;
        }
    }
    const Strays strays = straysOf(ranges.defaultPartition, policy, limit);
    return strays.staying || !(goes || strays.expired);
}

void requireSomethingStays(Oid parent, const Ranges& ranges, const Policy& policy, int64 limit) {
    if (!somethingStays(ranges, policy, limit)) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("every row of \"%s\" is older than its retain setting: nothing is dropped",
                        get_rel_name(parent)),
                 errdetail("That is what a clock that jumped ahead looks like."),
                 errhint("If it is as it should be, drop the partitions with DROP TABLE.")));
    }
}

Ranges readRanges(Oid parent, const Policy& policy) {
    Relation relation = table_open(parent, AccessShareLock);
    const Ranges ranges = rangesOf(relation, policy.grid.type);
    table_close(relation, NoLock);
    return ranges;
}

// Whether it is still a partition, of those that end by the limit.
bool hasExpired(const Ranges& ranges, Oid partition, int64 limit) {
    for (int i = 0; i < ranges.count; i++) {
        if (ranges.items[i].partition == partition) {
            return ranges.items[i].upper <= limit;
        }
    }
    return false;
}

}  // namespace

int64 retentionLimit(const Policy& policy, TimestampTz now) {
    return before(policy.grid, fromMoment(policy.grid, now), policy.retain);
}

List* expiredPartitions(Oid parent, const Policy& policy, int64 limit) {
    const Ranges ranges = readRanges(parent, policy);
    List* expired = NIL;
    for (int i = 0; i < ranges.count; i++) {
        if (ranges.items[i].upper <= limit) {
            expired = lappend_oid(expired, ranges.items[i].partition);
        }
    }
    requireSomethingStays(parent, ranges, policy, limit);
    return expired;
}

bool dropPartition(Oid parent, Oid partition, TimestampTz now, int64* bytes) {
    lockBriefly(parent, AccessExclusiveLock);
    const Policy policy = policyOf(parent);
    if (policy.retain == nullptr ||
        !hasExpired(readRanges(parent, policy), partition, retentionLimit(policy, now)) ||
        // Also when it began to be detached after this step's snapshot: somebody wants to keep it.
        PartitionHasPendingDetach(partition)) {
        return false;
    }
    *bytes = 0;
    ListCell* cell;
    foreach (cell, find_all_inheritors(partition, NoLock, nullptr)) {
        lockBriefly(lfirst_oid(cell), AccessExclusiveLock);
        *bytes += DatumGetInt64(
            DirectFunctionCall1(pg_total_relation_size, ObjectIdGetDatum(lfirst_oid(cell))));
    }
    const bool foreign = get_rel_relkind(partition) == RELKIND_FOREIGN_TABLE;
    execute(psprintf("DROP %s %s", foreign ? "FOREIGN TABLE" : "TABLE",
                     quote_qualified_identifier(get_namespace_name(get_rel_namespace(partition)),
                                                get_rel_name(partition))));
    return true;
}

int64 deleteExpiredStrays(Oid parent, const Policy& policy, int64 limit) {
    const Ranges ranges = readRanges(parent, policy);
    const Oid partition = ranges.defaultPartition;
    if (!OidIsValid(partition) || get_rel_relkind(partition) != RELKIND_RELATION) {
        return 0;
    }
    // Again: this is another transaction, and the setting may have changed since.
    requireSomethingStays(parent, ranges, policy, limit);
    lockBriefly(partition, RowExclusiveLock);
    Relation strays = table_open(partition, NoLock);
    const int64 deleted = deleteRows(strays, get_attnum(partition, policy.timeColumn), policy.grid,
                                     strayLimit(policy, limit));
    table_close(strays, NoLock);
    return deleted;
}

}  // namespace footfall::partition
