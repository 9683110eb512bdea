// Rows of footfall.segment: one per segment, read under the scan's snapshot.
#pragma once

#include "extension/catalog/catalog_table.h"

namespace footfall::catalog {

// How a segment came to be; higher levels were encoded with more effort.
enum class Level : int16 { Loaded = 0, Sealed = 1, Compacted = 2 };

struct SegmentRow {
    ItemPointerData tid;  // of the catalog row
    int32 number;
    int32 rows;
    Level level;
    int64 rawBytes;     // values as the engine saw them
    int64 storedBytes;  // chunks and index, compressed
    Oid indexValue;     // TOAST value of block map and blooms, or InvalidOid
    int32 indexBytes;
    int columns;
    int16* attributes;    // attribute number of each column chunk
    Oid* valueIds;        // TOAST value of each column chunk; of a cold segment InvalidOid
    bool deleted;         // by listVacuumableSegments: deleted, though not dead to everyone
    bytea* meta;          // engine's SegmentMeta
    int64 archiveObject;  // of a cold segment: the archived object, and the row group in it, that
    int32 rowGroup;       // hold its chunks' rows; of a local one 0

    // Whether its columns are in the archive. Its index, if any, is local all the same.
    bool isCold() const { return archiveObject != 0; }
    // What of it lies in the TOAST relation.
    int64 localBytes() const { return isCold() ? indexBytes : storedBytes; }
};

struct SegmentList {
    int count;
    SegmentRow* rows;  // by number
};

// Which segments a list is to have. `isWanted` is shown rows without their values' ids, and what it
// is shown lives for the call; it may raise an ERROR.
struct SegmentChoice {
    bool (*isWanted)(const SegmentRow& row, void* argument);
    void* argument;
};

// All segments of a storage that `snapshot` sees, or those of them that are chosen, allocated in
// the current context.
SegmentList listSegments(Oid storage, bool unlogged, Snapshot snapshot,
                         const SegmentChoice* choice = nullptr);
// What the segments of a storage that `snapshot` sees hold together.
struct SegmentTotals {
    int64 segments;
    int64 rows;  // live or not
    int64 storedBytes;
};
SegmentTotals sumSegments(Oid storage, bool unlogged, Snapshot snapshot);
// All segments that some snapshot may still see: live ones, and deleted ones that are not dead to
// everyone.
SegmentList listVacuumableSegments(Oid storage, bool unlogged, TransactionId oldestXmin);
// One segment; false when `snapshot` does not see it.
bool findSegment(Oid storage, bool unlogged, int32 number, Snapshot snapshot, SegmentRow* row);

// What tells the segment from any other that had or will have its number: of its values, where they
// are, and its header, which has a checksum of each.
int64 fingerprintOf(const SegmentRow& row);

void insertSegment(Oid storage, bool unlogged, const SegmentRow& row, CommandId cid);
// Removes a segment's row and its tombstones.
void deleteSegment(Oid storage, bool unlogged, const SegmentRow& row, CommandId cid);
// Replaces a segment's row by one that says where else the same rows are; its tombstones stay.
void moveSegment(Oid storage, bool unlogged, const SegmentRow& row, const SegmentRow& moved,
                 CommandId cid);

// A number no other segment of the storage has, visible or not, committed or not. The number is
// reserved by its segment lock until releaseNumber(), to be called once the row is inserted.
int32 reserveNumber(Oid storage, bool unlogged);
void releaseNumber(Oid storage, int32 number);

// Removes every row of a storage from all of footfall's tables, as the current command.
void purgeStorage(Oid storage);
// The same for TRUNCATE: snapshots older than the truncation see the table empty.
void truncateStorage(Oid storage);

}  // namespace footfall::catalog
