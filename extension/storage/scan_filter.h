// What a scan may skip: comparisons of columns with values.
//
// Values are known at its start, or computed late: at the first segment that those known leave
// something of. What computes them may fail, and must not for a scan that meets no row.
//
// A filter only rules out blocks of sealed rows in which no row can match (zone maps, block maps,
// bloom filters); rows that are left are checked by the executor. It is never needed for a right
// answer.
#pragma once

#include "engine/segment/segment_reader.h"
#include "extension/catalog/segment_row.h"
#include "extension/pg/pg.h"
#include "extension/storage/archived_columns.h"

namespace footfall::storage {

enum class Comparison : int { Less, LessEqual, Equal, GreaterEqual, Greater };

// column <comparison> value, or with several values column = ANY (values).
struct ScanPredicate {
    int attribute;  // 0-based
    Comparison comparison;
    bool late;       // not computed yet
    int valueCount;  // 0: matches nothing (a NULL value)
    segment::Scalar* values;
};

struct ScanFilter {
    int predicateCount;
    ScanPredicate* predicates;
    // Computes what is late; null when nothing is. May raise an ERROR.
    void (*computeLate)(ScanFilter* filter);
    void* lateValues;  // what it needs
    // What happened, for EXPLAIN.
    int64 segmentsRead;
    int64 segmentsPruned;
    int64 blocksRead;
    int64 blocksPruned;
    ArchiveCounters archive;
};

// Installs the filter; it must live as long as the scan, or until the next one. Before the first
// row.
void setScanFilter(TableScanDesc scan, ScanFilter* filter);

// The sealed row that the last scanGetNextSlot returned; nullptr when it was a hot row.
class SealedSegment;
SealedSegment* currentSealedRow(TableScanDesc scan, int32* row);

// Reading in batches: all hot rows one by one, then one segment after the other. A scan is read
// either so or row by row.
//
// The next hot row, in a slot of the table's own kind; false when there is none.
bool scanNextHotRow(TableScanDesc scan, TupleTableSlot* slot);
// The same many at a time: the next hot rows of one page, at most `room`, where they stand; 0 at
// the end, where it must not be called again. They live as long as the caller's own pin of
// `*buffer`, which it releases.
uint32 scanNextHotTuples(TableScanDesc scan, TupleTableSlot* slot, HeapTupleHeader* tuples,
                         uint32 room, Buffer* buffer);
// How many pages a reader of hot rows may keep pinned.
uint32 mostPinnedPages(Relation relation);
// Opens the next segment that the filter leaves something of, with the blocks it leaves, for rows
// in `slot`'s descriptor; nullptr at the end. Valid until the next call.
SealedSegment* scanNextSegment(TableScanDesc scan, TupleTableSlot* slot, segment::BlockSet* blocks);
// How many segments a parallel scan has not handed out; -1 before the first was asked for.
int64 scanSegmentsLeft(TableScanDesc scan);

// Reading segments in an order of one's own: all hot rows one by one, then the segments that the
// scan sees, which live as long as the scan.
const catalog::SegmentList& scanSegments(TableScanDesc scan);

// Whether the zone maps in a segment's row alone, without its blocks', leave nothing of it; counted
// in the filter when so. Not inside the engine.
bool ruledOutByZoneMaps(const catalog::SegmentRow& row, ScanFilter* filter);

// The blocks of an open segment that a filter leaves, counted in it; false when there is none. Not
// inside the engine.
bool pruneSegment(SealedSegment* segment, ScanFilter* filter, segment::BlockSet* blocks);

}  // namespace footfall::storage
