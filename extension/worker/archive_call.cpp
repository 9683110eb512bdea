// CALL footfall.archive(relation, server), footfall.unarchive(relation), footfall.erase(relation,
// customer).
#include "extension/catalog/configuration.h"
#include "extension/catalog/job_record.h"
#include "extension/catalog/tombstone.h"
#include "extension/functions/partitions.h"
#include "extension/module/settings.h"
#include "extension/pg/guard.h"
#include "extension/worker/archive_folder.h"
#include "extension/worker/archive_plan.h"
#include "extension/worker/archive_removal.h"
#include "extension/worker/archive_run.h"
#include "extension/worker/job_step.h"
#include "extension/worker/leaf_step.h"
#include "extension/worker/procedure.h"

namespace footfall::worker {

namespace {

// The leaves, by name, in a list that outlives the transaction. All or nothing: a partition that is
// left out would keep what its caller believes to be archived, brought back or erased.
List* listLeaves(Oid relation) {
    List* leaves = NIL;
    beginStep(true);
    functions::requireOwner(relation);
    leaves = functions::footfallTables(relation, AccessShareLock);
    ListCell* cell;
    foreach (cell, leaves) {
        functions::requireOwner(lfirst_oid(cell));
    }
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

// The steps of a leaf are run as its own owner, whoever owns the tables above it.
template <class Body>
void forEachLeaf(FunctionCallInfo fcinfo, const char* what, const char* server, Body&& body) {
    underLock(fcinfo, what, [&](Oid relation, List* leaves, JobResult* result) {
        ListCell* cell;
        foreach (cell, leaves) {
            CHECK_FOR_INTERRUPTS();
            const Oid leaf = lfirst_oid(cell);
            withLeafLock(rootOf(relation), leaf, result, [&] { body(leaf, result); });
            if (result->error != nullptr) {
                return;
            }
        }
        if (server != nullptr) {
            tidyLogs(relation, server, false, result);
        }
    });
}

// "FROM … WHERE …": the customer's rows.
char* rowsOf(Oid relation, const char* customer) {
    const char* column = catalog::settingOf(relation, catalog::kCustomerColumn);
    const AttrNumber attribute =
        column == nullptr ? InvalidAttrNumber : get_attnum(relation, column);
    if (attribute == InvalidAttrNumber) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("the customer column of table \"%s\" is not known", get_rel_name(relation)),
                 errhint("SELECT footfall.configure(..., customer_column => ...).")));
    }
    return psprintf("FROM %s WHERE %s OPERATOR(pg_catalog.=) %s::%s",
                    quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
                                               get_rel_name(relation)),
                    quote_identifier(column), quote_literal_cstr(customer),
                    format_type_be_qualified(getBaseType(get_atttype(relation, attribute))));
}

// Raises when the customer has rows: triggers, rules and other sessions may have kept or made some.
void requireNoRows(Oid relation, const char* rows, const char* hint) {
    functions::refuseUnderRowSecurity(relation);
    if (SPI_connect() != SPI_OK_CONNECT ||
        SPI_execute(psprintf("SELECT 1 %s", rows), false, 1) != SPI_OK_SELECT) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("the rows could not be counted")));
    }
    if (SPI_processed > 0) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("rows of the customer are left in table \"%s\"", get_rel_name(relation)),
                 errdetail("A trigger or a rule of the table, or another session, keeps or "
                           "adds some."),
                 errhint("%s", hint)));
    }
    SPI_finish();
}

// Deletes the rows, as one of the owner's statements; nothing is deleted if some would stay.
void runDelete(Oid relation, const char* rows) {
    functions::refuseUnderRowSecurity(relation);
    if (SPI_connect() != SPI_OK_CONNECT) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("SPI_connect failed")));
    }
    if (SPI_execute(psprintf("DELETE %s", rows), false, 0) != SPI_OK_DELETE) {
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("rows of table \"%s\" cannot be deleted", get_rel_name(relation)),
                        errdetail("A rule replaces DELETE by something else."),
                        errhint("Drop the rule, or disable it, and call footfall.erase again.")));
    }
    SPI_finish();
    requireNoRows(
        relation, rows,
        "Nothing was erased. Disable the triggers that keep rows, and call footfall.erase "
        "again.");
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

// Archived rows that are deleted come back, server by server; what is local is compacted; and what
// came back goes to where it was, unless the table has other local rows: those nobody has asked to
// archive. What a former call has begun is in the manifest.
void eraseLeaf(Oid leaf, JobResult* result) {
    if (!compactLeaf(leaf, leaf, result)) {
        return;
    }
    const EraseWork work = eraseWork(leaf, result);
    ListCell* cell;
    foreach (cell, work.servers) {
        CHECK_FOR_INTERRUPTS();
        const char* server = static_cast<const char*>(lfirst(cell));
        const bool last = lnext(work.servers, cell) == nullptr;
        unarchiveDeleted(leaf, server, work.onlyArchived, result);
        if (result->error != nullptr || !compactLeaf(leaf, leaf, result) ||
            (last && failed(result, runStep(leaf, true, [&] { requireNoneDeleted(leaf); })))) {
            return;
        }
        module::failpoint("erase_before_archive");
        if (work.onlyArchived) {
            archiveLeaf(leaf, leaf, server, result);
        }
        if (result->error != nullptr) {
            return;
        }
    }
    if (!failed(result, runStep(leaf, true, [&] { requireNoneDeleted(leaf); }))) {
        removeLeft(leaf, leaf, result);
    }
}

void eraseDeleted(Oid relation, List* leaves, JobResult* result) {
    const Oid root = rootOf(relation);
    ListCell* cell;
    foreach (cell, leaves) {
        CHECK_FOR_INTERRUPTS();
        const Oid leaf = lfirst_oid(cell);
        withLeafLock(root, leaf, result, [&] { eraseLeaf(leaf, result); });
        if (result->error != nullptr) {
            return;
        }
    }
    // Of partitions that are gone, and what the manifest has forgotten.
    removeLeft(relation, InvalidOid, result);
    if (result->error == nullptr) {
        tidyLogs(relation, nullptr, true, result);
    }
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
                          if (failed(result, runStep(relation, true, [&] {
                                         runDelete(relation, rowsOf(relation, customer));
                                     }))) {
                              return;
                          }
                          module::failpoint("erase_after_delete");
                          eraseDeleted(relation, leaves, result);
                          if (result->error == nullptr) {
                              (void)failed(result, runStep(relation, true, [&] {
                                               requireNoRows(relation, rowsOf(relation, customer),
                                                             "Call footfall.erase again.");
                                           }));
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
            footfall::worker::forEachLeaf(fcinfo, "CALL footfall.archive()", server,
                                          [&](Oid leaf, footfall::catalog::JobResult* result) {
                                              footfall::worker::archiveLeaf(leaf, leaf, server,
                                                                            result);
                                          });
        },
        [&] { pfree(server); });
    PG_RETURN_VOID();
}

PGDLLEXPORT Datum footfall_unarchive(PG_FUNCTION_ARGS) {
    footfall::worker::forEachLeaf(fcinfo, "CALL footfall.unarchive()", nullptr,
                                  [&](Oid leaf, footfall::catalog::JobResult* result) {
                                      footfall::worker::unarchiveLeaf(leaf, leaf, result);
                                  });
    PG_RETURN_VOID();
}
}
