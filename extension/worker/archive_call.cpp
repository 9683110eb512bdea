// CALL footfall.archive(relation, server), footfall.unarchive(relation), footfall.erase(relation,
// customer).
#include "extension/catalog/configuration.h"
#include "extension/catalog/job_record.h"
#include "extension/catalog/tombstone.h"
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

// Runs `body` with the leaves of the relation under the job's lock; the first error is raised in
// the end.
template <class Body>
void underLock(FunctionCallInfo fcinfo, const char* what, Body&& body) {
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
    pg::withCleanup([&] { body(relation, leaves, &result); },
                    [&] { catalog::unlockJob(root, kArchiveNumber); });
    if (result.error != nullptr) {
        ReThrowError(result.error);
    }
    SPI_finish();
}

template <class Body>
void forEachLeaf(FunctionCallInfo fcinfo, const char* what, Body&& body) {
    underLock(fcinfo, what, [&](Oid relation, List* leaves, JobResult* result) {
        ListCell* cell;
        foreach (cell, leaves) {
            CHECK_FOR_INTERRUPTS();
            body(relation, lfirst_oid(cell), result);
            if (result->error != nullptr) {
                break;
            }
        }
    });
}

// DELETE of the customer's rows, as one of the owner's statements.
char* deleteStatement(Oid relation, const char* customer) {
    const char* column = catalog::settingOf(relation, catalog::kCustomerColumn);
    const AttrNumber attribute =
        column == nullptr ? InvalidAttrNumber : get_attnum(relation, column);
    if (attribute == InvalidAttrNumber) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("the customer column of table \"%s\" is not known", get_rel_name(relation)),
                 errhint("SELECT footfall.configure(..., customer_column => ...).")));
    }
    return psprintf("DELETE FROM %s WHERE %s OPERATOR(pg_catalog.=) %s::%s",
                    quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
                                               get_rel_name(relation)),
                    quote_identifier(column), quote_literal_cstr(customer),
                    format_type_be_qualified(getBaseType(get_atttype(relation, attribute))));
}

void runDelete(const char* statement) {
    if (SPI_connect() != SPI_OK_CONNECT || SPI_execute(statement, false, 0) != SPI_OK_DELETE) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("the rows could not be deleted")));
    }
    SPI_finish();
}

// Deleted rows that a compaction left because somebody was changing their segments.
void requireNoneDeleted(Oid leaf) {
    Relation table = table_open(leaf, AccessShareLock);
    const Oid storage = catalog::storageOf(table);
    const bool unlogged = catalog::usesUnlogged(table->rd_rel->relpersistence);
    table_close(table, NoLock);
    if (OidIsValid(storage) &&
        catalog::countTombstones(storage, unlogged, GetActiveSnapshot()) > 0) {
        ereport(
            ERROR,
            (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
             errmsg("deleted rows of table \"%s\" could not be removed yet", get_rel_name(leaf)),
             errdetail("Somebody is changing rows of their segments."),
             errhint("Call footfall.erase again; until it succeeds, nothing is erased.")));
    }
}

// Archived rows that are deleted come back and are left out of what is archived anew; what is local
// is compacted; then the former objects go.
void eraseDeleted(Oid relation, List* leaves, JobResult* result) {
    ListCell* cell;
    foreach (cell, leaves) {
        CHECK_FOR_INTERRUPTS();
        const Oid leaf = lfirst_oid(cell);
        const char* server = unarchiveDeleted(relation, leaf, result);
        if (result->error != nullptr || !compactLeaf(relation, leaf, result) ||
            failed(result, runStep(relation, true, [&] { requireNoneDeleted(leaf); }))) {
            return;
        }
        if (server != nullptr) {
            archiveLeaf(relation, leaf, server, result);
        }
        if (result->error != nullptr) {
            return;
        }
    }
    removeLeft(relation, rootOf(relation), result);
}

void erase(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("customer must not be null")));
    }
    char* customer = MemoryContextStrdup(TopMemoryContext, text_to_cstring(PG_GETARG_TEXT_PP(1)));
    pg::withCleanup(
        [&] {
            underLock(fcinfo, "CALL footfall.erase()",
                      [&](Oid relation, List* leaves, JobResult* result) {
                          if (!failed(result, runStep(relation, true, [&] {
                                          functions::refuseUnderRowSecurity(relation);
                                          runDelete(deleteStatement(relation, customer));
                                      }))) {
                              eraseDeleted(relation, leaves, result);
                          }
                      });
        },
        [&] { pfree(customer); });
}

}  // namespace

}  // namespace footfall::worker

extern "C" {
PG_FUNCTION_INFO_V1(footfall_archive);
PG_FUNCTION_INFO_V1(footfall_unarchive);
PG_FUNCTION_INFO_V1(footfall_erase);

PGDLLEXPORT Datum footfall_erase(PG_FUNCTION_ARGS) {
    footfall::worker::erase(fcinfo);
    PG_RETURN_VOID();
}

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
