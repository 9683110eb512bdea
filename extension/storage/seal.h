// Seal: hot rows become segments, in the caller's transaction.
//
// Takes the hot rows that a fresh snapshot sees and that nobody has locked or is changing, encodes
// them, and only then deletes the hot copies, as rows that moved to another partition: a writer
// that comes late gets 40001, older snapshots go on seeing the hot copies. A row that somebody
// claimed between encoding and deleting gets a tombstone in the new segment and stays hot. Small
// segments that nobody is using are merged into the new one, so that frequent seals do not leave
// tiny segments. Pages that earlier seals emptied are given to the free space map, so that the hot
// store stays small between vacuums. Takes ShareUpdateExclusiveLock on the table, so that two
// seals, a compaction or a vacuum do not meet; never waits for a writer's row.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

// Which hot rows are taken: all, or those whose time column is before a moment. Times are
// microseconds since 2000 in the terms of the column (timestamptz, timestamp or date); a row
// without a time is taken.
struct SealLimit {
    AttrNumber attribute;  // InvalidAttrNumber: all rows
    int64 before;
};

// Returns the number of rows sealed. `relation` is a footfall table, locked by the caller.
int64 sealRelation(Relation relation, const SealLimit& limit);

struct Compaction {
    int64 merged;   // segments
    int64 written;  // segments
    int64 dropped;  // deleted rows
    bool rest;      // the transaction may not lock more segments: another one has work to do
};

// Compact: all segments of a table are merged into runs sorted by the order key whose key ranges do
// not overlap; deleted rows are dropped. Takes every segment's lock in AccessExclusiveLock mode
// without waiting, and the snapshot after; segments that somebody is changing stay as they are. Of
// a table with more segments than may be locked at once (segment_claim.h) a share is merged.
Compaction compactRelation(Relation relation);

}  // namespace footfall::storage
