// See database_ddl.h.
#include "extension/worker/database_ddl.h"

#include <cstring>

#include "extension/module/worker_slots.h"
#include "extension/pg/guard.h"

namespace footfall::worker {

namespace {

ProcessUtility_hook_type previousHook = nullptr;

const char* stringOption(List* options, const char* name) {
    ListCell* cell;
    foreach (cell, options) {
        auto* option = static_cast<DefElem*>(lfirst(cell));
        if (strcmp(option->defname, name) == 0 && option->arg != nullptr) {
            return defGetString(option);
        }
    }
    return nullptr;
}

// The database that a statement wants for itself; nullptr for other statements.
const char* databaseWanted(Node* statement) {
    switch (nodeTag(statement)) {
        case T_DropdbStmt:
            return castNode(DropdbStmt, statement)->dbname;
        case T_RenameStmt: {
            auto* rename = castNode(RenameStmt, statement);
            return rename->renameType == OBJECT_DATABASE ? rename->subname : nullptr;
        }
        case T_AlterDatabaseStmt: {
            auto* alter = castNode(AlterDatabaseStmt, statement);
            return stringOption(alter->options, "tablespace") != nullptr ? alter->dbname : nullptr;
        }
        case T_CreatedbStmt:
            return stringOption(castNode(CreatedbStmt, statement)->options, "template");
        default:
            return nullptr;
    }
}

bool ownsDatabase(Oid database) {
#if PG_VERSION_NUM >= 160000
    return object_ownercheck(DatabaseRelationId, database, GetUserId());
#else
    return pg_database_ownercheck(database, GetUserId());
#endif
}

void onUtility(PlannedStmt* planned, const char* text, bool readOnlyTree,
               ProcessUtilityContext context, ParamListInfo parameters,
               QueryEnvironment* environment, DestReceiver* destination,
               QueryCompletion* completion) {
    const auto run = previousHook != nullptr ? previousHook : standard_ProcessUtility;
    const char* name = databaseWanted(planned->utilityStmt);
    const Oid database = name == nullptr ? InvalidOid : get_database_oid(name, true);
    if (!OidIsValid(database) || database == MyDatabaseId || !ownsDatabase(database)) {
        run(planned, text, readOnlyTree, context, parameters, environment, destination, completion);
        return;
    }
    module::closeDatabase(database);
    volatile bool dropped = false;  // set in what an ERROR may leave with a longjmp
    pg::withCleanup(
        [&] {
            run(planned, text, readOnlyTree, context, parameters, environment, destination,
                completion);
            dropped = IsA(planned->utilityStmt, DropdbStmt);
        },
        [&] {
            if (!dropped) {
                module::openDatabase(database);
            }
        });
}

}  // namespace

void installDatabaseHook() {
    previousHook = ProcessUtility_hook;
    ProcessUtility_hook = onUtility;
}

}  // namespace footfall::worker
