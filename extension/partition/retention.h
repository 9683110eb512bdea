// What a table's `retain` lets go: partitions that ended before, and such rows of the default
// partition.
//
// A clock that jumped must not cost a shop its history: when every row that is left would go,
// nothing goes (55000), and a person decides. A stray stays when it has no time, none in the
// calendar, or one that is not too old.
#pragma once

#include "extension/partition/policy.h"
#include "extension/partition/ranges.h"

namespace footfall::partition {

// Rows before this time may go: `now` less `retain`, by the calendar of the table's time zone.
int64 retentionLimit(const Policy& policy, TimestampTz now);

// OIDs of the partitions that end by the limit, oldest first. 55000 when rows, of partitions or
// strays, would go and none would stay.
List* expiredPartitions(Oid parent, const Policy& policy, int64 limit);

// Drops one of them; false, and nothing is done, when it is no partition any more, or does not go
// by what the setting says now. Takes AccessExclusiveLock on the parent, as DROP TABLE does, tried
// briefly.
bool dropPartition(Oid parent, Oid partition, TimestampTz now, int64* bytes);

// Deletes what the default partition holds from before the slot of the limit. 55000 as above.
int64 deleteExpiredStrays(Oid parent, const Policy& policy, int64 limit);

}  // namespace footfall::partition
