// Claiming segments, so that their rows can be moved elsewhere, and removing them.
#pragma once

#include "extension/catalog/segment_row.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

// The snapshot that seal and compact work under: what the transaction sees. A REPEATABLE READ
// transaction must not be shown, through its own new segments, rows that others committed since.
Snapshot maintenanceSnapshot();

// Which segments come first when a transaction may not lock them all.
enum class ClaimOrder {
    WorkFirst,   // not compacted yet, or with deleted rows; among equals the oldest
    NewestFirst  // which tend to be at the end of the TOAST relation
};

struct Claim {
    catalog::SegmentList segments;
    bool rest;  // WorkFirst: some that a compaction would change are left for another transaction
};

// Locks the table's segments of at most `maxRows` rows exclusively to the end of the transaction,
// leaving out those that somebody is changing or locking, and then pushes maintenanceSnapshot():
// nobody can have changed a claimed segment since. A segment that a REPEATABLE READ transaction
// sees otherwise than it is now is left out too. Returns the claimed segments as that snapshot sees
// them; the caller pops it. No more than a quarter of the server's lock table is filled, so that a
// table of any number of segments can be worked through, a share a transaction.
//
// Cold segments keep their rows: with WorkFirst they are not locked, and they are in no list that
// is returned. NewestFirst locks them too, for their indexes lie in the TOAST relation.
Claim claimSegments(Relation relation, int32 maxRows, ClaimOrder order);

// The claimed segments as maintenanceSnapshot(), pushed again, sees them now, together with those
// that this transaction has written since, by number: nobody else sees these yet.
catalog::SegmentList claimedSegments(Relation relation, const List* written);

// Removes a claimed segment: its catalog row, its tombstones, its chunks. Older snapshots go on
// reading it.
void dropSegment(Relation relation, const catalog::SegmentRow& row, CommandId cid);

}  // namespace footfall::storage
