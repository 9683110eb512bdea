// Claiming segments, so that their rows can be moved elsewhere, and removing them.
#pragma once

#include "extension/catalog/segment_row.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

// The snapshot that seal and compact work under: what the transaction sees. A REPEATABLE READ
// transaction must not be shown, through its own new segments, rows that others committed since.
Snapshot maintenanceSnapshot();

// Locks the table's segments of at most `maxRows` rows exclusively to the end of the transaction,
// leaving out those that somebody is changing or locking, and then pushes maintenanceSnapshot():
// nobody can have changed a claimed segment since. A segment that a REPEATABLE READ transaction
// sees otherwise than it is now is left out too. Returns the claimed segments as that snapshot sees
// them; the caller pops it.
catalog::SegmentList claimSegments(Relation relation, int32 maxRows);

// Removes a claimed segment: its catalog row, its tombstones, its chunks. Older snapshots go on
// reading it.
void dropSegment(Relation relation, const catalog::SegmentRow& row, CommandId cid);

}  // namespace footfall::storage
