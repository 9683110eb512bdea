// The state of a scan, shared by scan.cpp, sample_scan.cpp and analyze_scan.cpp.
#pragma once

#include "extension/catalog/segment_row.h"
#include "extension/pg/pg.h"
#include "extension/storage/scan_filter.h"
#include "extension/storage/sealed_segment.h"

namespace footfall::storage {

struct ParallelScan {
    ParallelBlockTableScanDescData heap;  // first: the heap's routines use it as their own
    pg_atomic_uint64 nextSegment;
};

struct FootfallScan {
    TableScanDescData base;
    TableScanDesc hot;      // the heap scan of the same relation
    Snapshot snapshot;      // what segments and tombstones are read under
    bool ownsSnapshot;      // registered here
    MemoryContext context;  // lives as long as the scan

    bool started;
    bool listed;
    bool listFiltered;  // only segments that the filter leaves something of
    bool rescanned;
    catalog::SegmentList segments;
    SealedSegment* segment;  // made for the descriptor of the first slot
    int index;               // segment that is open or about to be; -1 before the first
    bool open;               // whether `segment` shows segments.rows[index]
    int32 row;               // row last returned in it
    bool inSegments;         // whether the heap scan is through

    ScanFilter* filter;        // or nullptr
    segment::BlockSet blocks;  // of the open segment, what the filter leaves

    bool hasRange;  // TID range scan
    ItemPointerData lowest;
    ItemPointerData highest;

    // TABLESAMPLE
    BlockNumber sampleBlock;  // over heap blocks and virtual blocks
    bool sampleStarted;
    bool sampleSealed;

    // ANALYZE
    bool analyzeStarted;
    bool analyzeSealed;      // delivering the sealed share of the current heap block
    double analyzeRate;      // share of the local rows that is delivered
    double analyzeColdRate;  // and of those of cold segments
    int64 unreadLive;        // rows of segments that are counted and not read
    int64 unreadDead;
    int64 sealedBatches;
    int64 nextBatch;  // batches of 1,024 rows, counted over all segments
    int64 endBatch;
    pg_prng_state random;
};

inline FootfallScan* scanState(TableScanDesc scan) {
    return reinterpret_cast<FootfallScan*>(scan);
}

// Lists the segments, once.
void listScanSegments(FootfallScan* scan);
// Opens segment `index` of the list for rows in `slot`'s descriptor.
void openScanSegment(FootfallScan* scan, int index, TupleTableSlot* slot, bool withTombstones);

const TableAmRoutine* heapRoutine();

// While VACUUM FULL's heap routine scans `relation` for its hot rows, the scan it begins is a plain
// heap scan: it looks into the heap's own descriptor. Pass InvalidOid to end it.
void scanAsHeap(Oid relation);

}  // namespace footfall::storage
