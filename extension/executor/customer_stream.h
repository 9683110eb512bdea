// All rows of a table tree by ranges of customers.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/executor/customer_ranges.h"
#include "extension/executor/customer_run.h"

namespace footfall::executor {

class CustomerStream {
  public:
    // About the most rows that a piece has, save those of one customer. Ranges aim at fewer.
    static constexpr int64 kPieceRows = int64{256} * 1024;
    // Reads the hot rows and lists the segments. `filters` is one for each leaf of the plan.
    // Everything is allocated in the current context.
    static CustomerStream* open(const AggregatePlan& plan, const Relation* relations,
                                Snapshot snapshot, storage::ScanFilter* const* filters,
                                int leastRanges, BatchCounters* counters);
    const CustomerRanges& ranges() const { return ranges_; }
    // Goes on to the next piece of the range: some of its customers with all their rows; false at
    // the range's end. Ranges in ascending order, each to its end. `rows`: about the most of the
    // piece.
    bool startPiece(int range, int64 rows = kPieceRows);
    // The piece's next rows, as batch(); false at its end.
    bool next(scan::Selection& selection);
    scan::Batch& batch() { return current_->batch(); }
    void close();

  private:
    CustomerStream() = default;
    void readLeaf(int leaf, Snapshot snapshot, storage::ScanFilter* filter);
    void placeSegments(int leaf, const catalog::SegmentList& segments, Snapshot snapshot,
                       storage::ScanFilter* filter);
    bool describe(const catalog::SegmentRow* row, const List* attributes, PlacedSegment* placed);
    void putLoose(Relation relation, const List* attributes, const catalog::SegmentRow* row,
                  Snapshot snapshot);
    void putHot(Relation relation, TableScanDesc scan, const List* attributes);
    MemoryContext startReading();
    static void endReading(MemoryContext previous);
    void putRows(scan::Batch& batch, const scan::Selection& selection);
    void addSpan(const KeySpan& span);

    const AggregatePlan* plan_;
    const Relation* relations_;
    BatchCounters* counters_;
    uint32_t customer_;
    int64 openBytes_;  // of the runs made so far
    List* scans_;
    List* runs_;
    SortedRun* loose_;
    MemoryContext context_;  // of the stream, while rows are put into loose_
    KeySpan* spans_;
    int spanCount_;
    int spanRoom_;
    CustomerRanges ranges_;
    int range_;
    bool rangeRead_;  // the piece is the range's last
    uint64 pieceBegin_;
    uint64 pieceEnd_;
    int run_;  // of runs_, that is read
    CustomerRun* current_;
};

}  // namespace footfall::executor
