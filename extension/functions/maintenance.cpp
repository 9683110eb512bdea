// CALL footfall.seal(relation), CALL footfall.compact(relation).
//
// Both walk the partitions of the table they are given. Outside a transaction block compact commits
// after each partition, and then gives back the space of what it merged (storage/toast_space.h), in
// transactions of its own; inside one, VACUUM and a later call do that. Rows get new addresses, so
// they are refused while the session itself has a cursor open on the table or trigger events
// pending for it, as for any rewrite. They take ShareUpdateExclusiveLock, as VACUUM does: readers
// and writers go on, two maintenance runs do not meet.
#include "extension/functions/maintenance.h"

#include "extension/catalog/tombstone_space.h"
#include "extension/functions/partitions.h"
#include "extension/storage/rewrite.h"
#include "extension/storage/seal.h"
#include "extension/storage/toast_space.h"

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

int64 sealTable(Oid table, AttrNumber attribute, int64 before) {
    ensureToastRelation(table);
    Relation relation = table_open(table, ShareUpdateExclusiveLock);
    CheckTableNotInUse(relation, "CALL footfall.seal()");
    const storage::SealLimit limit = {attribute, before};
    const int64 rows = storage::sealRelation(relation, limit);
    table_close(relation, NoLock);
    return rows;
}

void sealTables(Oid relationOid) {
    PreventCommandIfReadOnly("CALL footfall.seal()");
    PreventCommandDuringRecovery("CALL footfall.seal()");
    int64 total = 0;
    int tables = 0;
    ListCell* cell;
    foreach (cell, ownedFootfallTables(relationOid, ShareUpdateExclusiveLock)) {
        CHECK_FOR_INTERRUPTS();
        total += sealTable(lfirst_oid(cell));
        tables++;
    }
    ereport(DEBUG1, (errmsg_internal("sealed " INT64_FORMAT " rows in %d tables", total, tables)));
}

namespace {

// Opens a table for one step of compaction. Between two steps anything may have happened to it:
// nullptr when it is gone or is somebody else's now.
Relation openForStep(Oid table) {
    Relation relation = try_relation_open(table, ShareUpdateExclusiveLock);
    if (relation == nullptr) {
        return nullptr;
    }
    if (!storage::isFootfallTable(relation) || !ownsRelation(table)) {
        relation_close(relation, NoLock);
        return nullptr;
    }
    refuseOtherTemporary(relation);
    CheckTableNotInUse(relation, "CALL footfall.compact()");
    return relation;
}

// True when another transaction has work left.
bool compactTable(Relation relation) {
    const storage::Compaction done = storage::compactRelation(relation);
    ereport(DEBUG1,
            (errmsg_internal("compacted " INT64_FORMAT " segments of \"%s\" into " INT64_FORMAT
                             ", dropped " INT64_FORMAT " deleted rows",
                             done.merged, RelationGetRelationName(relation), done.written,
                             done.dropped)));
    return done.rest;
}

// Ends the running transaction and starts the next one, without a snapshot. SPI drops the one that
// the CALL itself began with.
void startNextTransaction() {
    SPI_commit();
}

Outcome runInOwnTransaction(Oid table, Step step, void*) {
    if (step != Step::Vacuum) {
        PushActiveSnapshot(GetTransactionSnapshot());
    }
    const Outcome outcome = compactionStep(table, step);
    if (step != Step::Vacuum) {
        PopActiveSnapshot();
    }
    startNextTransaction();
    return outcome;
}

// A table of very many segments takes several transactions, each of which finds the space that the
// one before has freed.
bool compactAll(Oid table, RunStep run, void* context) {
    Outcome outcome = run(table, Step::Compact, context);
    while (outcome == Outcome::Rest) {
        CHECK_FOR_INTERRUPTS();
        if (run(table, Step::Vacuum, context) == Outcome::Nothing) {
            return false;
        }
        outcome = run(table, Step::Compact, context);
    }
    return outcome != Outcome::Nothing;
}

// What moves to free space leaves some behind, so that a second round may gain as well.
constexpr int kMaxRounds = 3;

// The tombstones of dropped rows, of all tables that were compacted.
void reclaimTombstones() {
    for (const bool unlogged : {false, true}) {
        catalog::vacuumTombstones(unlogged);
        startNextTransaction();
        PushActiveSnapshot(GetTransactionSnapshot());
        catalog::rebuildTombstoneIndex(unlogged);
        PopActiveSnapshot();
        startNextTransaction();
    }
}

}  // namespace

Outcome compactionStep(Oid table, Step step) {
    Relation relation = openForStep(table);
    if (relation == nullptr) {
        return Outcome::Nothing;
    }
    Outcome outcome = Outcome::Done;
    switch (step) {
        case Step::Compact:
            if (compactTable(relation)) {
                outcome = Outcome::Rest;
            }
            break;
        case Step::Vacuum:
            storage::vacuumToast(relation);
            break;
        case Step::Relocate:
            if (storage::relocateSegments(relation) == 0) {
                outcome = Outcome::Nothing;
            }
            break;
        case Step::LookSparse:
            if (!storage::isSparse(relation)) {
                outcome = Outcome::Nothing;
            }
            break;
    }
    table_close(relation, NoLock);
    return outcome;
}

void compactInSteps(Oid table, RunStep run, void* context) {
    if (compactAll(table, run, context)) {
        giveBackInSteps(table, run, context);
    }
}

void giveBackInSteps(Oid table, RunStep run, void* context) {
    for (int round = 0; round < kMaxRounds; round++) {
        CHECK_FOR_INTERRUPTS();
        for (const Step step : {Step::LookSparse, Step::Vacuum, Step::Relocate, Step::Vacuum}) {
            if (run(table, step, context) == Outcome::Nothing) {
                return;
            }
        }
    }
}

void compactTables(Oid relationOid, bool atomic) {
    PreventCommandIfReadOnly("CALL footfall.compact()");
    PreventCommandDuringRecovery("CALL footfall.compact()");
    if (!atomic) {
        if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("SPI_connect_ext failed")));
        }
        // Allocated where it outlives a transaction.
        List* tables = ownedFootfallTables(relationOid, AccessShareLock);
        startNextTransaction();
        ListCell* cell;
        foreach (cell, tables) {
            compactInSteps(lfirst_oid(cell), runInOwnTransaction, nullptr);
        }
        reclaimTombstones();
        SPI_finish();
        return;
    }
    ListCell* cell;
    foreach (cell, ownedFootfallTables(relationOid, ShareUpdateExclusiveLock)) {
        CHECK_FOR_INTERRUPTS();
        Relation relation = openForStep(lfirst_oid(cell));
        if (relation != nullptr) {
            (void)compactTable(relation);
            table_close(relation, NoLock);
        }
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
    const bool atomic = fcinfo->context == nullptr || !IsA(fcinfo->context, CallContext) ||
                        castNode(CallContext, fcinfo->context)->atomic;
    footfall::functions::compactTables(footfall::functions::relationArgument(fcinfo), atomic);
    PG_RETURN_VOID();
}
}
