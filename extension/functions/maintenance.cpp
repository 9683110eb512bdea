// CALL footfall.seal(relation), CALL footfall.compact(relation).
//
// Both walk the partitions of the table they are given. Rows get new addresses, so they are refused
// while the session itself has a cursor open on the table or trigger events pending for it, as for
// any rewrite. They take ShareUpdateExclusiveLock, as VACUUM does: readers and writers go on, two
// maintenance runs do not meet.
#include "extension/functions/partitions.h"
#include "extension/storage/seal.h"

namespace footfall::functions {

namespace {

// Temporary tables of other sessions cannot be read.
void refuseOtherTemporary(Relation relation) {
    if (RELATION_IS_OTHER_TEMP(relation)) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot access temporary tables of other sessions")));
    }
}

// A table that came from a heap of narrow columns has no TOAST relation yet.
void ensureToastRelation(Oid table) {
    Relation relation = table_open(table, ShareUpdateExclusiveLock);
    refuseOtherTemporary(relation);
    const bool missing = !OidIsValid(relation->rd_rel->reltoastrelid);
    table_close(relation, NoLock);
    if (missing) {
        // Readers and writers go on: a column that could be wide would have brought the TOAST
        // relation along.
        NewHeapCreateToastTable(table, Datum{0}, ShareUpdateExclusiveLock, InvalidOid);
        CommandCounterIncrement();
    }
}

Oid relationArgument(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0)) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("relation must not be null")));
    }
    return PG_GETARG_OID(0);
}

}  // namespace

void sealTables(Oid relationOid) {
    PreventCommandIfReadOnly("CALL footfall.seal()");
    PreventCommandDuringRecovery("CALL footfall.seal()");
    int64 total = 0;
    int tables = 0;
    ListCell* cell;
    foreach (cell, ownedFootfallTables(relationOid, ShareUpdateExclusiveLock)) {
        CHECK_FOR_INTERRUPTS();
        ensureToastRelation(lfirst_oid(cell));
        Relation relation = table_open(lfirst_oid(cell), ShareUpdateExclusiveLock);
        CheckTableNotInUse(relation, "CALL footfall.seal()");
        total += storage::sealRelation(relation);
        table_close(relation, NoLock);
        tables++;
    }
    ereport(DEBUG1, (errmsg_internal("sealed " INT64_FORMAT " rows in %d tables", total, tables)));
}

void compactTables(Oid relationOid) {
    PreventCommandIfReadOnly("CALL footfall.compact()");
    PreventCommandDuringRecovery("CALL footfall.compact()");
    ListCell* cell;
    foreach (cell, ownedFootfallTables(relationOid, ShareUpdateExclusiveLock)) {
        CHECK_FOR_INTERRUPTS();
        Relation relation = table_open(lfirst_oid(cell), ShareUpdateExclusiveLock);
        refuseOtherTemporary(relation);
        CheckTableNotInUse(relation, "CALL footfall.compact()");
        int64 merged = 0;
        int64 dropped = 0;
        const int64 written = storage::compactRelation(relation, &merged, &dropped);
        ereport(DEBUG1,
                (errmsg_internal("compacted " INT64_FORMAT " segments of \"%s\" into " INT64_FORMAT
                                 ", dropped " INT64_FORMAT " deleted rows",
                                 merged, RelationGetRelationName(relation), written, dropped)));
        table_close(relation, NoLock);
    }
}

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_seal);
PG_FUNCTION_INFO_V1(footfall_compact);

PGDLLEXPORT Datum footfall_seal(PG_FUNCTION_ARGS) {
    footfall::functions::sealTables(footfall::functions::relationArgument(fcinfo));
    PG_RETURN_VOID();
}

PGDLLEXPORT Datum footfall_compact(PG_FUNCTION_ARGS) {
    footfall::functions::compactTables(footfall::functions::relationArgument(fcinfo));
    PG_RETURN_VOID();
}
}
