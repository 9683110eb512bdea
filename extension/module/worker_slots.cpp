// See worker_slots.h.
#include "extension/module/worker_slots.h"

#include <csignal>

namespace footfall::module {

namespace {

constexpr int kWantedLength = 32;
constexpr int kClosedLength = 8;
constexpr int64 kClosedFor = USECS_PER_MINUTE;

struct Closed {
    Oid database;
    TimestampTz until;
};

struct Shared {
    slock_t lock;
    Latch* launcher;  // of a PGPROC: valid memory for ever, the launcher's while it lives
    uint64 lastTicket;
    WorkerSlot slots[kMaxWorkers];
    Oid wanted[kWantedLength];
    int wantedCount;
    bool wantedAll;
    Closed closed[kClosedLength];
};

Shared* shared = nullptr;
shmem_request_hook_type previousRequest = nullptr;
shmem_startup_hook_type previousStartup = nullptr;
bool lookAtCommit = false;

void requestMemory() {
    if (previousRequest != nullptr) {
        previousRequest();
    }
    RequestAddinShmemSpace(MAXALIGN(sizeof(Shared)));
}

void findMemory() {
    if (previousStartup != nullptr) {
        previousStartup();
    }
    bool found = false;
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    shared = static_cast<Shared*>(ShmemInitStruct("footfall workers", sizeof(Shared), &found));
    if (!found) {
        memset(static_cast<void*>(shared), 0, sizeof(Shared));
        SpinLockInit(&shared->lock);
    }
    LWLockRelease(AddinShmemInitLock);
}

// Runs `body` with the lock held; it calls nothing.
template <class Body>
void locked(Body&& body) {
    SpinLockAcquire(&shared->lock);
    body();
    SpinLockRelease(&shared->lock);
}

void wakeLauncher() {
    Latch* latch = nullptr;
    locked([&] { latch = shared->launcher; });
    if (latch != nullptr) {
        SetLatch(latch);
    }
}

void want(Oid database) {
    locked([&] {
        if (shared->wantedCount < kWantedLength) {
            shared->wanted[shared->wantedCount++] = database;
        } else {
            shared->wantedAll = true;
        }
    });
    wakeLauncher();
}

void onTransactionEnd(XactEvent event, void*) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) {
        if (lookAtCommit && event == XACT_EVENT_COMMIT) {
            want(MyDatabaseId);
        }
        lookAtCommit = false;
    }
}

void detachLauncher(int, Datum) {
    locked([] { shared->launcher = nullptr; });
}

bool isClosed(Oid database, TimestampTz now) {
    for (const Closed& one : shared->closed) {
        if (one.database == database && one.until > now) {
            return true;
        }
    }
    return false;
}

bool stands(const Order& order) {
    return shared->slots[order.slot].ticket == order.ticket;
}

// However the worker ends.
void leave(int, Datum slot) {
    locked([&] {
        WorkerSlot& mine = shared->slots[DatumGetInt32(slot)];
        if (mine.pid != MyProcPid) {
            return;
        }
        if (mine.state == SlotState::Running) {
            mine.state = SlotState::Vanished;
        }
        mine.pid = 0;
    });
    wakeLauncher();
}

// Ends the workers in a database; how many there are.
int endWorkers(Oid database) {
    pid_t pids[kMaxWorkers];
    int count = 0;
    locked([&] {
        for (const WorkerSlot& slot : shared->slots) {
            if (slot.database == database && slot.pid != 0) {
                pids[count++] = slot.pid;
            }
        }
    });
    for (int i = 0; i < count; i++) {
        (void)kill(pids[i], SIGTERM);
    }
    return count;
}

}  // namespace

void requestWorkerSlots() {
    previousRequest = shmem_request_hook;
    shmem_request_hook = requestMemory;
    previousStartup = shmem_startup_hook;
    shmem_startup_hook = findMemory;
    RegisterXactCallback(onTransactionEnd, nullptr);
}

bool haveWorkerSlots() {
    return shared != nullptr;
}

void attachLauncher() {
    on_shmem_exit(detachLauncher, Datum{0});
    locked([] { shared->launcher = MyLatch; });
}

bool orderWorker(Oid database, Order* order) {
    const TimestampTz now = GetCurrentTimestamp();
    bool done = false;
    locked([&] {
        if (isClosed(database, now)) {
            return;
        }
        for (int i = 0; i < kMaxWorkers && !done; i++) {
            WorkerSlot& slot = shared->slots[i];
            if (slot.state == SlotState::Free) {
                slot = {};
                slot.state = SlotState::Ordered;
                slot.ticket = ++shared->lastTicket;
                slot.database = database;
                slot.changed = now;
                *order = {i, slot.ticket, database};
                done = true;
            }
        }
    });
    return done;
}

WorkerSlot slotAt(int index) {
    WorkerSlot slot = {};
    locked([&] { slot = shared->slots[index]; });
    return slot;
}

void freeSlot(int index, uint64 ticket) {
    locked([&] {
        if (shared->slots[index].ticket == ticket) {
            shared->slots[index] = {};
        }
    });
}

int takeWanted(Oid* databases, int most, bool* all) {
    int count = 0;
    locked([&] {
        *all = shared->wantedAll || shared->wantedCount > most;
        count = Min(shared->wantedCount, most);
        for (int i = 0; i < count; i++) {
            databases[i] = shared->wanted[i];
        }
        shared->wantedCount = 0;
        shared->wantedAll = false;
    });
    return count;
}

bool arrive(const Order& order) {
    if (shared == nullptr || order.slot < 0 || order.slot >= kMaxWorkers) {
        return false;
    }
    const TimestampTz now = GetCurrentTimestamp();
    bool arrived = false;
    locked([&] {
        WorkerSlot& slot = shared->slots[order.slot];
        if (stands(order) && slot.state == SlotState::Ordered && !isClosed(order.database, now)) {
            slot.state = SlotState::Running;
            slot.pid = MyProcPid;
            slot.changed = now;
            arrived = true;
        }
    });
    if (arrived) {
        on_shmem_exit(leave, Int32GetDatum(order.slot));
    }
    return arrived;
}

void reportWaiting(const Order& order, int waiting) {
    const TimestampTz now = GetCurrentTimestamp();
    locked([&] {
        if (stands(order)) {
            shared->slots[order.slot].waiting = waiting;
            shared->slots[order.slot].changed = now;
        }
    });
    if (waiting > 0) {
        wakeLauncher();
    }
}

void finish(const Order& order, TimestampTz nextLook) {
    locked([&] {
        if (stands(order)) {
            shared->slots[order.slot].state = SlotState::Finished;
            shared->slots[order.slot].nextLook = nextLook;
        }
    });
}

void wantLookAtCommit() {
    lookAtCommit = shared != nullptr;
}

void closeDatabase(Oid database) {
    if (shared == nullptr) {
        return;
    }
    const TimestampTz now = GetCurrentTimestamp();
    locked([&] {
        // The one that opens next gives way when all are taken.
        Closed* entry = &shared->closed[0];
        for (Closed& one : shared->closed) {
            if (one.database == database) {
                entry = &one;
                break;
            }
            if (one.until < entry->until) {
                entry = &one;
            }
        }
        *entry = {database, now + kClosedFor};
    });
    // A worker notices within milliseconds; DROP DATABASE itself waits for five seconds more.
    for (int tries = 0; endWorkers(database) > 0 && tries < 50; tries++) {
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 100,
                        PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

void openDatabase(Oid database) {
    if (shared == nullptr) {
        return;
    }
    locked([&] {
        for (Closed& one : shared->closed) {
            if (one.database == database) {
                one = {};
            }
        }
        shared->wantedAll = true;
    });
    wakeLauncher();
}

}  // namespace footfall::module
