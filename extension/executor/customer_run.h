// Rows of a table tree in the order of their customers, and of time where the table is sorted so:
// one run of them.
//
// The idea: segments whose customers follow each other make a run that is read block by block;
// every leaf has one where it was compacted. Hot rows, segments that are in no order and those that
// overlap too many others are sorted into one more run, on disk where memory is short. A range of
// customers (customer_ranges.h) is read from one run after the other; a block in which a range
// ends stays where it is, and the next range goes on in it.
//
// Ranges are asked for in ascending order. Where zone maps have misjudged how customers are spread,
// a range holds far more rows than it should; it is then read in pieces, which run by run tells
// (horizon), so that memory is bounded by a piece, or the rows of one customer.
#pragma once

#include "extension/executor/batch_source.h"
#include "extension/executor/customer_ranges.h"
#include "extension/pg/tuplesort.h"
#include "extension/storage/scan_filter.h"

namespace footfall::executor {

class CustomerRun {
  public:
    // Makes the rows of the range [begin, end) that come next the batch; false when there is none
    // left. The last range has no end and takes NULLs. Not inside the engine.
    bool next(uint64 begin, uint64 end, bool last, scan::Selection& selection);
    scan::Batch& batch() { return *source_; }
    // A key, not below `begin`, up to which the run has about `rows` rows from `begin` on, or those
    // of one customer; the greatest there is where it has no more in the range.
    virtual uint64 horizon(uint64 begin, uint64 end, bool last, int64 rows) = 0;
    virtual void close() { source_->close(); }

  protected:
    CustomerRun(BatchSource* source, uint32_t customer) : source_(source), customer_(customer) {}
    ~CustomerRun() = default;

    // Makes the next rows the source's batch, leaving out what comes before `begin` as far as that
    // is cheap; false when none comes before `end`.
    virtual bool load(uint64 begin, uint64 end, bool last) = 0;
    // Drops rows that are not there from the selection.
    virtual void finishSelection(scan::Selection&) {}

    BatchSource* source_;
    uint32_t customer_;  // column of the batch

  private:
    bool loaded_ = false;
    uint32_t next_ = 0;  // row of the batch
};

// The order key of a row, the greatest there is for NULL.
uint64 customerKey(const vector::Block& block, uint32_t row);

// Segments of one leaf, in order, none of which ends behind the next one's begin.
struct PlacedSegment {
    const catalog::SegmentRow* row;
    uint64 least;  // keys; NULL counts
    uint64 greatest;
    KeySpan span;  // without NULLs
    int64 bytes;   // of the chunks that are read
};

class SegmentRun final : public CustomerRun {
  public:
    // In the current context. `filter` is the leaf's.
    static SegmentRun* create(Relation relation, const List* attributes, uint32_t customer,
                              Snapshot snapshot, storage::ScanFilter* filter,
                              BatchCounters* counters);
    // Called in order.
    void add(PlacedSegment* segment) { segments_ = lappend(segments_, segment); }
    uint64 horizon(uint64 begin, uint64 end, bool last, int64 rows) override;

  private:
    SegmentRun(BatchSource* source, uint32_t customer) : CustomerRun(source, customer) {}
    bool load(uint64 begin, uint64 end, bool last) override;
    void finishSelection(scan::Selection& selection) override;
    bool openNext(uint64 begin, uint64 end, bool last);
    void skipBlocks(uint64 begin);
    // The key of a block's last row; inside the engine.
    uint64 lastKey(uint32_t block);

    Snapshot snapshot_ = nullptr;
    storage::ScanFilter* filter_ = nullptr;
    BatchCounters* counters_ = nullptr;
    Relation relation_ = nullptr;
    int customerAttribute_ = 0;  // 0-based
    List* segments_ = NIL;
    int index_ = -1;
    storage::SealedSegment* segment_ = nullptr;
    bool open_ = false;
    segment::BlockSet blocks_;
    uint32_t nextBlock_ = 0;
    int32 firstRow_ = 0;
    uint64 soughtTo_ = 0;
    vector::Block* probe_ = nullptr;
    pg::ContextResource* resource_ = nullptr;
};

// Rows that are put in in any order.
//
// The idea: they stay in columns, and the numbers of the rows are sorted by customer, so that a
// process of a parallel scan touches the rows of its own ranges only. Rows that outgrow work_mem go
// on in a tuplesort, which spills.
class SortedRun final : public CustomerRun {
  public:
    // Columns are those of `types` in order. In the current context.
    static SortedRun* create(const List* types, uint32_t customer, BatchCounters* counters);
    // Columns are in the same order. Not inside the engine.
    void put(scan::Batch& batch, const scan::Selection& selection);
    // All rows are in.
    void sort();
    // Their customers, when all rows are in.
    const KeySpan& span() const { return span_; }
    uint64 horizon(uint64 begin, uint64 end, bool last, int64 rows) override;
    void close() override;

  private:
    SortedRun(BatchSource* source, uint32_t customer) : CustomerRun(source, customer) {}
    bool load(uint64 begin, uint64 end, bool last) override;
    bool loadSpilled();
    void spill();
    void putSpilled(scan::Batch& batch, const scan::Selection& selection);
    void sample(uint64 key);
    bool keysAreNear() const;
    template <class Entry>
    void sortEntries(uint64 greatest);
    uint64 keyOf(uint32_t row) const;
    uint64 keyAt(int64 position) const { return keyOf(order_[position]); }
    int64 firstFrom(int64 from, uint64 key) const;

    TupleDesc descriptor_ = nullptr;
    MemoryContext context_ = nullptr;      // of the run
    MemoryContext rowsContext_ = nullptr;  // of columns_
    pg::ContextResource* resource_ = nullptr;
    ColumnChunks* columns_ = nullptr;
    uint32_t count_ = 0;         // rows in columns_
    uint32_t* order_ = nullptr;  // their numbers, in order when sorted
    int64 position_ = 0;         // in order_, of the next batch
    KeySpan span_ = {PG_UINT64_MAX, 0, 0};

    Tuplesortstate* sort_ = nullptr;  // when spilled
    MemoryContext valuesContext_ = nullptr;
    TupleTableSlot* input_ = nullptr;
    bool done_ = false;
    // Keys of every stride_-th row that is spilled; in order when all are in.
    static constexpr int kSamples = 4096;
    uint64* samples_ = nullptr;
    int sampleCount_ = 0;
    int64 stride_ = 1;
    int64 spilled_ = 0;
};

}  // namespace footfall::executor
