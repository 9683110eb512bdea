// What the launcher, its workers and the sessions of a cluster tell each other, in shared memory.
//
// The launcher orders a worker for a database by filling a slot; the worker arrives, says what it
// is at, and leaves word when the database is to be looked at again. Sessions say that a database
// wants to be looked at, or that none may be there for a while (DROP DATABASE).
//
// The memory exists when footfall is in shared_preload_libraries; without it there are no workers,
// and everything that sessions call here does nothing.
//
// Locking: one spinlock, held for some assignments, never over a call that can fail.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::module {

inline constexpr int kMaxWorkers = 32;

enum class SlotState {
    Free,
    Ordered,  // by the launcher; nobody has come yet
    Running,
    Finished,  // as it should; nextLook is set
    Vanished   // the process ended in an ERROR or was ended
};

struct WorkerSlot {
    SlotState state;
    uint64 ticket;  // tells this order from earlier ones of the same slot
    Oid database;
    pid_t pid;             // while Running
    TimestampTz changed;   // when the state became what it is, or the worker began its job
    int waiting;           // due jobs behind the one that the worker is at
    TimestampTz nextLook;  // when Finished
};

struct Order {
    int slot;
    uint64 ticket;
    Oid database;
};

// From _PG_init.
void requestWorkerSlots();
bool haveWorkerSlots();

// The launcher's side.
void attachLauncher();
// False when no slot is free or the database is closed.
bool orderWorker(Oid database, Order* order);
WorkerSlot slotAt(int index);
void freeSlot(int index, uint64 ticket);
// What sessions have asked for since the last call: databases to look at now (at most `most`
// OIDs); `all` when there were more, or the list of databases has changed.
int takeWanted(Oid* databases, int most, bool* all);

// A worker's side. arrive() is false when the order does not stand any more.
bool arrive(const Order& order);
void reportWaiting(const Order& order, int waiting);
void finish(const Order& order, TimestampTz nextLook);

// Sessions'. The current database is looked at once the transaction has committed.
void wantLookAtCommit();
// No worker will arrive in the database, for a minute at most; those that are there are ended, and
// waited for, for some seconds.
void closeDatabase(Oid database);
void openDatabase(Oid database);

}  // namespace footfall::module
