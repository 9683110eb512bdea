// See job_rows.h.
#include "extension/catalog/job_rows.h"

#include "extension/catalog/catalog_scan.h"

namespace footfall::catalog {

namespace {

void purge(Table which, Oid relation) {
    OpenTable table;
    if (!tryOpen(which, false, AccessShareLock, &table)) {
        return;
    }
    ScanKeyData key;
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    CatalogScan scan = beginScan(table, SnapshotSelf, 1, &key);
    bool first = true;
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        if (first) {
            LockRelationOid(RelationGetRelid(table.table), RowExclusiveLock);
            first = false;
        }
        ItemPointerData tid = tuple->t_self;
        remove(table, &tid, GetCurrentCommandId(true));
    }
    endScan(scan);
    close(table);
}

}  // namespace

void purgeJobs(Oid relation) {
    purge(Table::Job, relation);
    purge(Table::JobHistory, relation);
}

}  // namespace footfall::catalog
