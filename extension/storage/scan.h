// The scan of a footfall table: hot rows, then the rows of segments, under one snapshot.
//
// Hot rows come from a heap scan of the same relation. Segments are listed when the heap scan is
// through, under the scan's own snapshot; tombstones are read under the same snapshot as each
// segment is opened. A parallel scan shares the heap's blocks as a heap scan does, and hands out
// segments by an atomic counter over the list, which is the same in every process because the
// snapshot is.
//
// Snapshots that are not MVCC (SnapshotAny, SnapshotSelf, SnapshotDirty, ANALYZE's none) read
// segments under a latest snapshot, registered for the life of the scan.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

TableScanDesc scanBegin(Relation relation, Snapshot snapshot, int keyCount, ScanKeyData* keys,
                        ParallelTableScanDesc parallel, uint32 flags);
void scanEnd(TableScanDesc scan);
void scanRescan(TableScanDesc scan, ScanKeyData* keys, bool setParameters, bool allowStrategy,
                bool allowSync, bool allowPageMode);
bool scanGetNextSlot(TableScanDesc scan, ScanDirection direction, TupleTableSlot* slot);
void scanSetTidRange(TableScanDesc scan, ItemPointer lowest, ItemPointer highest);
bool scanGetNextSlotTidRange(TableScanDesc scan, ScanDirection direction, TupleTableSlot* slot);

Size parallelScanEstimate(Relation relation);
Size parallelScanInitialize(Relation relation, ParallelTableScanDesc parallel);
void parallelScanReinitialize(Relation relation, ParallelTableScanDesc parallel);

// TABLESAMPLE: the blocks are the heap's, then the segments' virtual blocks.
bool scanSampleNextBlock(TableScanDesc scan, SampleScanState* state);
bool scanSampleNextTuple(TableScanDesc scan, SampleScanState* state, TupleTableSlot* slot);

// ANALYZE: with each sampled heap block comes the same share of the segments' rows.
#if PG_VERSION_NUM >= 170000
bool scanAnalyzeNextBlock(TableScanDesc scan, ReadStream* stream);
#else
bool scanAnalyzeNextBlock(TableScanDesc scan, BlockNumber block, BufferAccessStrategy strategy);
#endif
bool scanAnalyzeNextTuple(TableScanDesc scan, TransactionId oldestXmin, double* liveRows,
                          double* deadRows, TupleTableSlot* slot);

bool tidValid(TableScanDesc scan, ItemPointer tid);
void getLatestTid(TableScanDesc scan, ItemPointer tid);

}  // namespace footfall::storage
