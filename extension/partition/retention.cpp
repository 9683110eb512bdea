// See retention.h.
#include "extension/partition/retention.h"

#include "extension/partition/brief_lock.h"
#include "extension/partition/stray_rows.h"
#include "extension/partition/table_owner.h"

namespace footfall::partition {

namespace {

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

// Rows among those that stay, or no rows anywhere.
bool somethingStays(const Ranges& ranges, int64 limit) {
    bool goes = false;
    if (OidIsValid(ranges.defaultPartition) && hasRows(ranges.defaultPartition)) {
        return true;
    }
    for (int i = ranges.count - 1; i >= 0; i--) {
        CHECK_FOR_INTERRUPTS();
        if (hasRows(ranges.items[i].partition)) {
            if (ranges.items[i].upper > limit) {
                return true;
            }
            goes = true;
        }
    }
    return !goes;
}

Ranges readRanges(Oid parent, const Policy& policy) {
    Relation relation = table_open(parent, AccessShareLock);
    const Ranges ranges = rangesOf(relation, policy.grid.type);
    table_close(relation, NoLock);
    return ranges;
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
    if (expired != NIL && !somethingStays(ranges, limit)) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("every row of \"%s\" is older than its retain setting: nothing is dropped",
                        get_rel_name(parent)),
                 errdetail("That is what a clock that jumped ahead looks like."),
                 errhint("If it is as it should be, drop the partitions with DROP TABLE.")));
    }
    return expired;
}

int64 dropPartition(Oid parent, Oid partition) {
    lockBriefly(parent, AccessExclusiveLock);
    if (get_rel_relkind(partition) == '\0' || !get_rel_relispartition(partition) ||
        get_partition_parent(partition, true) != parent) {
        return 0;
    }
    int64 bytes = 0;
    ListCell* cell;
    foreach (cell, find_all_inheritors(partition, NoLock, nullptr)) {
        lockBriefly(lfirst_oid(cell), AccessExclusiveLock);
        bytes += DatumGetInt64(
            DirectFunctionCall1(pg_total_relation_size, ObjectIdGetDatum(lfirst_oid(cell))));
    }
    const bool foreign = get_rel_relkind(partition) == RELKIND_FOREIGN_TABLE;
    execute(psprintf("DROP %s %s", foreign ? "FOREIGN TABLE" : "TABLE",
                     quote_qualified_identifier(get_namespace_name(get_rel_namespace(partition)),
                                                get_rel_name(partition))));
    return bytes;
}

int64 deleteExpiredStrays(Oid parent, const Policy& policy, int64 limit) {
    const Oid partition = readRanges(parent, policy).defaultPartition;
    if (!OidIsValid(partition) || get_rel_relkind(partition) != RELKIND_RELATION) {
        return 0;
    }
    lockBriefly(partition, RowExclusiveLock);
    Relation strays = table_open(partition, NoLock);
    const int64 deleted = deleteRows(strays, get_attnum(partition, policy.timeColumn), policy.grid,
                                     lowerOf(policy.grid, slotAt(policy.grid, limit)));
    table_close(strays, NoLock);
    return deleted;
}

}  // namespace footfall::partition
