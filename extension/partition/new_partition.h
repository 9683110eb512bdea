// Making partitions of a managed table, on every version alike: a table USING footfall with the
// parent's columns is created beside it and attached when its rows are in it.
//
// Locks: ShareUpdateExclusiveLock on the parent (readers and writers go on; CREATE TABLE ...
// PARTITION OF would lock them out); on the default partition, where there is one, RowExclusiveLock
// while rows move, ShareRowExclusiveLock for the second pass, and AccessExclusiveLock, tried
// briefly, for the moment of attaching.
//
// Everything here runs as the owner of the table (table_owner.h), in the caller's transaction.
#pragma once

#include "extension/partition/policy.h"
#include "extension/partition/ranges.h"

namespace footfall::partition {

struct Made {
    int64 partitions;
    int64 rows;  // moved out of the default partition
};

// Makes the default partition when there is none; true when it did.
bool makeDefaultPartition(Oid parent, const Policy& policy);

// Makes the first missing partition among the slots [first, last]; false when none is missing.
// Existing partitions, whatever their bounds, are left as they are: what they leave uncovered of a
// slot becomes a partition of its own.
bool makeNextPartition(Oid parent, const Policy& policy, int64 first, int64 last, Made* made);

// The slots that should have partitions at `now`: the current one and those to keep ready.
int64 currentSlot(const Policy& policy, TimestampTz now);

// All of that at once: what configure does.
Made makePartitionsAhead(Oid parent, const Policy& policy, TimestampTz now);

// Slots with rows in the default partition, as a list of int64*, at most `most`.
List* straySlots(Oid parent, const Policy& policy, int most);

}  // namespace footfall::partition
