// CALL footfall.archive(relation, server), CALL footfall.unarchive(relation).
#include "extension/catalog/job_record.h"
#include "extension/functions/partitions.h"
#include "extension/pg/guard.h"
#include "extension/worker/archive_plan.h"
#include "extension/worker/archive_run.h"
#include "extension/worker/job_step.h"
#include "extension/worker/leaf_step.h"
#include "extension/worker/procedure.h"

namespace footfall::worker {

namespace {

// The leaves, by name, in a list that outlives the transaction.
List* listLeaves(Oid relation) {
    List* leaves = NIL;
    beginStep(true);
    leaves = functions::ownedFootfallTables(relation, AccessShareLock);
    endStep(true);
    return leaves;
}

// Runs `body` for each leaf of the relation under the job's lock; the first error is raised in the
// end.
template <class Body>
void forEachLeaf(FunctionCallInfo fcinfo, const char* what, Body&& body) {
    requireOwnTransaction(fcinfo, what);
    const Oid relation = functions::existingRelation(fcinfo);
    functions::requireOwner(relation);
    const Oid root = rootOf(relation);
    beginOwnTransactions();
    List* leaves = listLeaves(relation);
    if (!catalog::tryLockJob(root, kArchiveNumber)) {
        ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                        errmsg("another session is archiving table \"%s\"", get_rel_name(root)),
                        errhint("footfall.jobs shows which.")));
    }
    catalog::JobResult result = {};
    pg::withCleanup(
        [&] {
            ListCell* cell;
            foreach (cell, leaves) {
                CHECK_FOR_INTERRUPTS();
                body(relation, lfirst_oid(cell), &result);
                if (result.error != nullptr) {
                    break;
                }
            }
        },
        [&] { catalog::unlockJob(root, kArchiveNumber); });
    if (result.error != nullptr) {
        ReThrowError(result.error);
    }
    SPI_finish();
}

}  // namespace

}  // namespace footfall::worker

extern "C" {
PG_FUNCTION_INFO_V1(footfall_archive);
PG_FUNCTION_INFO_V1(footfall_unarchive);

PGDLLEXPORT Datum footfall_archive(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(1)) {
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("server must not be null"),
                        errhint("Name a server of the foreign data wrapper footfall_archive.")));
    }
    // The argument's memory may go with the transaction.
    char* server = MemoryContextStrdup(TopMemoryContext, NameStr(*PG_GETARG_NAME(1)));
    footfall::pg::withCleanup(
        [&] {
            footfall::worker::forEachLeaf(
                fcinfo, "CALL footfall.archive()",
                [&](Oid relation, Oid leaf, footfall::catalog::JobResult* result) {
                    footfall::worker::archiveLeaf(relation, leaf, server, result);
                });
        },
        [&] { pfree(server); });
    PG_RETURN_VOID();
}

PGDLLEXPORT Datum footfall_unarchive(PG_FUNCTION_ARGS) {
    footfall::worker::forEachLeaf(
        fcinfo, "CALL footfall.unarchive()",
        [&](Oid relation, Oid leaf, footfall::catalog::JobResult* result) {
            footfall::worker::unarchiveLeaf(relation, leaf, result);
        });
    PG_RETURN_VOID();
}
}
