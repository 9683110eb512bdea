// CALL footfall.archive_vacuum(server, grace): what nobody reads any more leaves the archive.
//
// For the server's owner, with the owner's user mapping: the tables whose objects these were may be
// gone. Objects of a table are left alone while somebody archives it: under its present root, which
// need not be the one whose folder they are in, or by itself.
#include <cstring>

#include "extension/catalog/job_record.h"
#include "extension/pg/guard.h"
#include "extension/worker/archive_plan.h"
#include "extension/worker/archive_removal.h"
#include "extension/worker/archive_run.h"
#include "extension/worker/archive_transfer.h"
#include "extension/worker/job_step.h"
#include "extension/worker/procedure.h"

namespace footfall::worker {

namespace {

using catalog::ArchiveObject;
using catalog::ArchiveObjectList;

struct Vacuum {
    char* server;
    int64 grace;  // microseconds
    int64 removed;
};

archive::Access accessNow(const Vacuum& vacuum) {
    return archive::accessOf(vacuum.server, GetUserId());
}

ArchiveObjectList objectsNow() {
    beginStep(true);
    const ArchiveObjectList all = catalog::listArchiveObjects(InvalidOid, true);
    endStep(true);
    return all;
}

// Takes one object out of the log, and after the grace out of the store and the manifest.
void removeLeaving(Vacuum* vacuum, const ArchiveObject& object) {
    removeFromLog(accessNow(*vacuum), object);
    SPI_commit();
    if (object.changedAt > GetCurrentTimestamp() - vacuum->grace) {
        return;
    }
    beginStep(true);
    commitDurably();
    announceRemoval(object);
    endStep(true);
    removeFromStore(accessNow(*vacuum), object);
    SPI_commit();
    beginStep(true);
    vacuum->removed += forgetRemoved(object) ? 1 : 0;
    endStep(true);
    forgetObject(object);
}

bool isIn(const Vacuum& vacuum, const ArchiveObject& object, const char* folder) {
    return strcmp(object.server, vacuum.server) == 0 && strcmp(object.folder, folder) == 0;
}

void noteBusy(Oid table) {
    ereport(NOTICE, (errmsg("objects of table \"%s\" are left out: it is being archived",
                            get_rel_name(table))));
}

// Tables with objects in the folder that are under another root by now. Who archives one of them
// holds that root's lock, not the folder's.
List* tablesElsewhere(const Vacuum& vacuum, const ArchiveObjectList& all, Oid root,
                      const char* folder) {
    List* tables = NIL;
    for (int i = 0; i < all.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const Oid table = all.rows[i].relation;
        if (isIn(vacuum, all.rows[i], folder) && get_rel_relkind(table) != '\0' &&
            rootOf(table) != root) {
            tables = list_append_unique_oid(tables, table);
        }
    }
    return tables;
}

// Locks all of them or none; false when somebody has one.
bool lockTables(const List* tables, List** locked) {
    ListCell* cell;
    foreach (cell, tables) {
        if (!catalog::tryLockJob(lfirst_oid(cell), kArchiveNumber)) {
            noteBusy(lfirst_oid(cell));
            return false;
        }
        *locked = lappend_oid(*locked, lfirst_oid(cell));
    }
    return true;
}

// The log and the store of one folder as the manifest says, with nobody at its objects.
void tidyFolder(Vacuum* vacuum, const ArchiveObject& first) {
    List* locked = NIL;
    pg::withCleanup(
        [&] {
            if (!lockTables(tablesElsewhere(*vacuum, objectsNow(), first.root, first.folder),
                            &locked)) {
                return;
            }
            const ArchiveObjectList left = objectsNow();
            reconcileLog(accessNow(*vacuum), first.folder, first.log, left, false);
            SPI_commit();
            vacuum->removed +=
                removeStrays(accessNow(*vacuum), first.folder, first.log, left, vacuum->grace);
            SPI_commit();
        },
        [&] {
            ListCell* cell;
            foreach (cell, locked) {
                catalog::unlockJob(lfirst_oid(cell), kArchiveNumber);
            }
        });
}

// All of one folder, whose root's lock is held.
void vacuumFolder(Vacuum* vacuum, const ArchiveObject& first) {
    // What is there since the lock is held.
    const ArchiveObjectList all = objectsNow();
    for (int i = 0; i < all.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const ArchiveObject& object = all.rows[i];
        if (!catalog::isLeft(object.state) || !isIn(*vacuum, object, first.folder)) {
            continue;
        }
        const bool own = object.relation == first.root;
        if (!own && !catalog::tryLockJob(object.relation, kArchiveNumber)) {
            noteBusy(object.relation);
            continue;
        }
        pg::withCleanup([&] { removeLeaving(vacuum, object); },
                        [&] {
                            if (!own) {
                                catalog::unlockJob(object.relation, kArchiveNumber);
                            }
                        });
    }
    tidyFolder(vacuum, first);
}

void vacuumServer(Vacuum* vacuum) {
    const ArchiveObjectList all = objectsNow();
    List* done = NIL;
    for (int i = 0; i < all.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const ArchiveObject& object = all.rows[i];
        if (strcmp(object.server, vacuum->server) != 0 ||
            list_member(done, makeString(object.folder))) {
            continue;
        }
        done = lappend(done, makeString(object.folder));
        if (!catalog::tryLockJob(object.root, kArchiveNumber)) {
            ereport(NOTICE, (errmsg("folder \"%s\" is left out: its table is being archived",
                                    object.folder)));
            continue;
        }
        pg::withCleanup([&] { vacuumFolder(vacuum, object); },
                        [&] { catalog::unlockJob(object.root, kArchiveNumber); });
    }
    ereport(DEBUG1, (errmsg_internal("removed " INT64_FORMAT " objects", vacuum->removed)));
}

// In microseconds. What no time stamp reaches is a mistake, infinity too.
int64 graceOf(const Interval* grace) {
    constexpr int64 kMost = int64{100000} * 365 * USECS_PER_DAY;
    const int64 days = grace->day + int64{grace->month} * 30;
    int64 micros = 0;
    if (__builtin_mul_overflow(days, USECS_PER_DAY, &micros) ||
        __builtin_add_overflow(micros, grace->time, &micros) || micros < 0 || micros > kMost) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("grace must not be negative nor longer than 100,000 years")));
    }
    return micros;
}

void requireServerOwner(const char* name) {
    const ForeignServer* server = GetForeignServerByName(name, false);
    if (!
#if PG_VERSION_NUM >= 160000
        object_ownercheck(ForeignServerRelationId, server->serverid, GetUserId())
#else
        pg_foreign_server_ownercheck(server->serverid, GetUserId())
#endif
    ) {
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_FOREIGN_SERVER, name);
    }
}

}  // namespace

}  // namespace footfall::worker

extern "C" {
PG_FUNCTION_INFO_V1(footfall_archive_vacuum);

PGDLLEXPORT Datum footfall_archive_vacuum(PG_FUNCTION_ARGS) {
    namespace worker = footfall::worker;
    worker::requireOwnTransaction(fcinfo, "CALL footfall.archive_vacuum()");
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("server and grace must not be null")));
    }
    const char* server = NameStr(*PG_GETARG_NAME(0));
    worker::requireServerOwner(server);
    const Interval* grace = PG_GETARG_INTERVAL_P(1);
    worker::Vacuum vacuum = {};
    vacuum.grace = worker::graceOf(grace);
    char name[NAMEDATALEN];
    strlcpy(name, server, sizeof(name));
    worker::beginOwnTransactions();
    vacuum.server = pstrdup(name);
    worker::vacuumServer(&vacuum);
    SPI_finish();
    PG_RETURN_VOID();
}
}
