// See launcher.h.
#include "extension/worker/launcher.h"

#include <cstring>

#include "extension/module/settings.h"
#include "extension/module/worker_slots.h"
#include "extension/worker/database_ddl.h"

namespace footfall::worker {

namespace {

// A worker gets help when it has been at one job for so long and others are due.
constexpr int64 kAlone = 200 * USECS_PER_SEC / 1000;
// A worker that was ordered and is not seen for so long will not come.
constexpr int64 kMissing = USECS_PER_MINUTE;
// The shortest pause between two looks at a database, and the pauses after a worker's ERROR.
constexpr int64 kShortestPause = USECS_PER_SEC;
constexpr int64 kFirstErrorPause = 30 * USECS_PER_SEC;
constexpr int64 kLongestErrorPause = USECS_PER_HOUR;

struct Database {
    Oid oid;
    TimestampTz nextLook;
    int failures;  // workers in a row that ended in an ERROR
    bool listed;   // in pg_database when it was last read
};

// What the launcher remembers, for as long as it lives.
struct Memory {
    MemoryContext context;
    List* databases;  // of Database*
    TimestampTz nextListing;
    // Of the workers it has started, by slot; nullptr for those of a launcher before it.
    BackgroundWorkerHandle* handles[module::kMaxWorkers];
};

Memory memory;

Database* findDatabase(Oid oid) {
    ListCell* cell;
    foreach (cell, memory.databases) {
        auto* database = static_cast<Database*>(lfirst(cell));
        if (database->oid == oid) {
            return database;
        }
    }
    return nullptr;
}

// A database that can be connected to and is nobody's template.
bool isLookedAt(Form_pg_database database) {
    constexpr int kInvalid = -2;  // a DROP DATABASE was interrupted
    return database->datallowconn && !database->datistemplate && database->datconnlimit != kInvalid;
}

void listDatabases(TimestampTz now) {
    ListCell* cell;
    foreach (cell, memory.databases) {
        static_cast<Database*>(lfirst(cell))->listed = false;
    }
    StartTransactionCommand();
    (void)GetTransactionSnapshot();
    Relation relation = table_open(DatabaseRelationId, AccessShareLock);
    TableScanDesc scan = table_beginscan_catalog(relation, 0, nullptr);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = heap_getnext(scan, ForwardScanDirection))) {
        auto* form = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
        if (!isLookedAt(form)) {
            continue;
        }
        Database* database = findDatabase(form->oid);
        if (database == nullptr) {
            MemoryContext previous = MemoryContextSwitchTo(memory.context);
            database = static_cast<Database*>(palloc0(sizeof(Database)));
            database->oid = form->oid;
            database->nextLook = now;
            memory.databases = lappend(memory.databases, database);
            MemoryContextSwitchTo(previous);
        }
        database->listed = true;
    }
    table_endscan(scan);
    table_close(relation, AccessShareLock);
    CommitTransactionCommand();
    foreach (cell, memory.databases) {
        auto* database = static_cast<Database*>(lfirst(cell));
        if (!database->listed) {
            memory.databases = foreach_delete_current(memory.databases, cell);
            pfree(database);
        } else if (database->nextLook != DT_NOEND) {
            // Further ahead than ever: the clock was set back.
            const int64 longest = Max(module::launcherInterval * USECS_PER_SEC, kLongestErrorPause);
            database->nextLook = Min(database->nextLook, now + longest);
        }
    }
    memory.nextListing = now + module::launcherInterval * USECS_PER_SEC;
}

// A worker has ended: when its database is looked at next.
void noteEnd(const module::WorkerSlot& slot, TimestampTz now) {
    Database* database = findDatabase(slot.database);
    if (database == nullptr) {
        return;
    }
    TimestampTz next = slot.nextLook;
    if (slot.state == module::SlotState::Finished) {
        database->failures = 0;
    } else {
        const int64 pause = kFirstErrorPause << Min(database->failures, 10);
        next = now + Min(pause, kLongestErrorPause);
        database->failures++;
    }
    database->nextLook = Min(database->nextLook, Max(next, now + kShortestPause));
}

// Frees the slots of workers that have ended or never came.
void reapWorkers(TimestampTz now) {
    for (int i = 0; i < module::kMaxWorkers; i++) {
        const module::WorkerSlot slot = module::slotAt(i);
        if (slot.state == module::SlotState::Free) {
            continue;
        }
        BackgroundWorkerHandle* handle = memory.handles[i];
        pid_t pid = 0;
        const bool gone = handle != nullptr
                              ? GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED
                              : slot.state != module::SlotState::Running &&
                                    (slot.state != module::SlotState::Ordered ||
                                     TimestampDifferenceExceeds(slot.changed, now,
                                                                kMissing / USECS_PER_SEC * 1000));
        if (!gone) {
            continue;
        }
        // Once more, for what it said last.
        noteEnd(module::slotAt(i), now);
        module::freeSlot(i, slot.ticket);
        if (handle != nullptr) {
            pfree(handle);
            memory.handles[i] = nullptr;
        }
    }
}

// False when the server has no process left for it, or the database is closed.
bool startWorker(Database* database) {
    module::Order order = {};
    if (!module::orderWorker(database->oid, &order)) {
        return false;
    }
    BackgroundWorker worker = {};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    worker.bgw_notify_pid = MyProcPid;
    strlcpy(worker.bgw_library_name, "footfall", sizeof(worker.bgw_library_name));
    strlcpy(worker.bgw_function_name, "footfall_job_worker", sizeof(worker.bgw_function_name));
    strlcpy(worker.bgw_type, "footfall worker", sizeof(worker.bgw_type));
    (void)pg_snprintf(worker.bgw_name, sizeof(worker.bgw_name),
                      "footfall worker in database with OID %u", database->oid);
    static_assert(sizeof(order) <= sizeof(worker.bgw_extra));
    memcpy(worker.bgw_extra, &order, sizeof(order));
    MemoryContext previous = MemoryContextSwitchTo(memory.context);
    const bool started = RegisterDynamicBackgroundWorker(&worker, &memory.handles[order.slot]);
    MemoryContextSwitchTo(previous);
    if (!started) {
        module::freeSlot(order.slot, order.ticket);
        ereport(LOG, (errmsg("footfall could not start a worker: no background process is free"),
                      errhint("Raise max_worker_processes, or lower footfall.max_workers.")));
        return false;
    }
    database->nextLook = DT_NOEND;
    return true;
}

struct Staff {
    int workers;      // ordered or running, in the cluster
    bool helpWanted;  // somebody waits for help who has none on the way
    TimestampTz helpAt;
};

// Who works in a database; with InvalidOid, in all.
Staff staffOf(Oid database, TimestampTz now) {
    Staff staff = {0, false, DT_NOEND};
    bool onTheWay = false;
    for (int i = 0; i < module::kMaxWorkers; i++) {
        const module::WorkerSlot slot = module::slotAt(i);
        if (slot.state == module::SlotState::Free ||
            (OidIsValid(database) && slot.database != database)) {
            continue;
        }
        staff.workers++;
        onTheWay |= slot.state == module::SlotState::Ordered;
        if (slot.state == module::SlotState::Running && slot.waiting > 0) {
            staff.helpAt = Min(staff.helpAt, slot.changed + kAlone);
        }
    }
    staff.helpWanted = !onTheWay && staff.helpAt <= now;
    return staff;
}

// Starts the workers that there is need and room for; returns when to try again.
TimestampTz startWorkers(TimestampTz now) {
    TimestampTz next = memory.nextListing;
    int room = module::maxWorkers - staffOf(InvalidOid, now).workers;
    // Databases where nobody works come first.
    for (const bool help : {false, true}) {
        ListCell* cell;
        foreach (cell, memory.databases) {
            auto* database = static_cast<Database*>(lfirst(cell));
            const Staff staff = staffOf(database->oid, now);
            bool needed = false;
            if (help) {
                needed = staff.workers > 0 && staff.helpWanted;
                next = needed ? next : Min(next, Max(staff.helpAt, now + kAlone));
            } else if (staff.workers == 0) {
                needed = database->nextLook <= now;
                next = needed ? next : Min(next, database->nextLook);
            }
            if (!needed) {
                continue;
            }
            if (room > 0 && startWorker(database)) {
                room--;
            } else if (room > 0) {
                // Perhaps it is being dropped.
                memory.nextListing = Min(memory.nextListing, now + kShortestPause);
                next = Min(next, memory.nextListing);
            }
            // Without room the end of a worker wakes us.
        }
    }
    return next;
}

// What sessions have asked for.
void takeRequests(TimestampTz now) {
    Oid wanted[32];
    bool all = false;
    const int count = module::takeWanted(wanted, lengthof(wanted), &all);
    for (int i = 0; i < count; i++) {
        Database* database = findDatabase(wanted[i]);
        if (database != nullptr) {
            database->nextLook = now;
        }
        all |= database == nullptr;
    }
    if (all) {
        memory.nextListing = now;
    }
}

[[noreturn]] void launch() {
    for (;;) {
        if (ConfigReloadPending) {
            ConfigReloadPending = false;
            ProcessConfigFile(PGC_SIGHUP);
            memory.nextListing = DT_NOBEGIN;
        }
        if (ShutdownRequestPending) {
            // Not 0: when the server goes on, it starts us again.
            proc_exit(1);
        }
        CHECK_FOR_INTERRUPTS();
        const TimestampTz now = GetCurrentTimestamp();
        takeRequests(now);
        // The clock may have been set back.
        if (memory.nextListing <= now ||
            memory.nextListing > now + module::launcherInterval * USECS_PER_SEC) {
            listDatabases(now);
        }
        reapWorkers(now);
        const TimestampTz next = startWorkers(now);
        const long pause = Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next), 10);
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, pause,
                        PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
    }
}

}  // namespace

void installLauncher() {
    module::requestWorkerSlots();
    installDatabaseHook();
    BackgroundWorker launcher = {};
    launcher.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    launcher.bgw_start_time = BgWorkerStart_RecoveryFinished;
    launcher.bgw_restart_time = 5;
    strlcpy(launcher.bgw_library_name, "footfall", sizeof(launcher.bgw_library_name));
    strlcpy(launcher.bgw_function_name, "footfall_launcher", sizeof(launcher.bgw_function_name));
    strlcpy(launcher.bgw_name, "footfall launcher", sizeof(launcher.bgw_name));
    strlcpy(launcher.bgw_type, "footfall launcher", sizeof(launcher.bgw_type));
    RegisterBackgroundWorker(&launcher);
}

}  // namespace footfall::worker

extern "C" {
PGDLLEXPORT void footfall_launcher(Datum argument);

PGDLLEXPORT void footfall_launcher(Datum) {
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
    footfall::module::attachLauncher();
    footfall::worker::memory.context =
        AllocSetContextCreate(TopMemoryContext, "footfall launcher", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(footfall::worker::memory.context);
    footfall::worker::launch();
}
}
