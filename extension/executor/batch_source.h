// The rows of one footfall table in batches: hot rows, then the blocks of its segments.
//
// The idea: a batch is up to 1,024 rows whose columns are made when the engine asks for them. Hot
// rows stay on their pages, which are pinned until the next batch, and a column's values are read
// from them for the rows that filters left; a block of a segment is read column by column from its
// chunks. Which rows there are is the table scan's business (storage/scan.h): the same
// snapshot, tombstones and pruning as FootfallScan's.
#pragma once

#include "engine/scan/segment_column.h"
#include "extension/executor/column_chunks.h"
#include "extension/pg/memory.h"
#include "extension/pg/pg.h"
#include "extension/storage/scan_filter.h"
#include "extension/storage/sealed_segment.h"
#include "extension/storage/tuple_reader.h"

namespace footfall::executor {

struct BatchCounters {
    uint64 hotRows;
    uint64 sealedRows;
    uint64 bytesDecoded;  // of values, as they stand in memory
};

// Says which blocks of an open segment need not be read.
class BlockChoice {
  public:
    // Before block `next` and those behind it are read; takes blocks out of the set. In the engine.
    virtual void choose(storage::SealedSegment* segment, uint32_t next,
                        segment::BlockSet* blocks) = 0;

  protected:
    ~BlockChoice() = default;
};

// Says when to leave a scan's remaining segments to other processes.
class SegmentStop {
  public:
    // Before the scan takes another segment; not in the engine.
    virtual bool stopsBefore(TableScanDesc scan) = 0;

  protected:
    ~SegmentStop() = default;
};

class BatchSource final : public scan::Batch {
  public:
    // Columns are attribute numbers of the relation, or TableOidAttributeNumber. `scan` was begun
    // for it by the caller, who ends it after close(). Allocated in the current context.
    static BatchSource* create(Relation relation, TableScanDesc scan, const List* attributes,
                               BatchCounters* counters);

    // Without a scan: the caller says which rows there are, by showBlock, or startRows and addRow.
    // Columns are those of `descriptor`, which lives as long as this.
    static BatchSource* create(TupleDesc descriptor, Oid table, const TupleTableSlotOps* slotKind,
                               const List* attributes, BatchCounters* counters);
    // Makes block `block` of an open segment the batch.
    void showBlock(storage::SealedSegment* segment, uint32_t block);
    // Makes a batch of rows as they are added, at most kBatchRows.
    void startRows();
    void addRow(TupleTableSlot* slot);
    TupleTableSlot* slot() const { return slot_; }
    // Makes rows of other columns the batch: `rows`, at most kBatchRows, of `columns`, which are in
    // the order of this one's and live as long as the batch, as `rows` does.
    void showRows(const ColumnChunks* columns, std::span<const uint32_t> rows);

    void setChoice(BlockChoice* choice) { choice_ = choice; }
    void setStop(SegmentStop* stop) { stop_ = stop; }
    // The caller has read the hot rows itself, or will not.
    void skipHot() { hotDone_ = true; }
    // Makes this the next batch; false at the end. Not inside the engine: it calls PostgreSQL.
    bool next(scan::Selection& selection);
    // The same of hot rows alone.
    bool nextHot(scan::Selection& selection);
    void close();

    const vector::Block& column(uint32_t index) override;
    const vector::Block& columnFor(uint32_t index, const scan::Selection& selection) override;
    bool zone(uint32_t index, int64_t& least, int64_t& greatest) override;
    const vector::Runs* runs(uint32_t index) override;

    // Of a batch of sealed rows: the open segment, and the batch's first row in it.
    storage::SealedSegment* segment() const { return segment_; }
    int32 firstRow() const { return static_cast<int32>(firstRow_); }

  private:
    struct SourceColumn {
        Form_pg_attribute form;
        int attribute;     // 0-based; -1: the table's OID
        bool readMissing;  // missing value known
        bool missingNull;
        Datum missing;
        Datum* values;  // hot rows, as far as they are read; nullptr before the first
        bool* nulls;
        bool some;  // hot: decoded for `shown` only
        scan::RowBits shown;
        scan::SegmentColumn* decoded;  // hot rows and constants, too
    };

    BatchSource() = default;
    void forgetColumns();
    bool nextSealed(scan::Selection& selection);
    void keepHotValue(SourceColumn& column, Datum value, bool null, uint32_t row);
    void releasePages();
    void makeReader();
    void readHot(uint32_t index, const scan::Selection& selection);
    void loadHot(uint32_t index, const scan::Selection& selection);
    void showHot(uint32_t index, const scan::Selection& selection);
    void fillBytes(SourceColumn& column, const scan::Selection& selection);
    void load(uint32_t index);
    void loadMissing(SourceColumn& column);
    // The column's chunk in the open segment; -1 where values do not come from one.
    int chunkOf(const SourceColumn& column) const;
    void loadConstant(SourceColumn& column, Datum value, bool null);
    void countBytes(const SourceColumn& column, uint32_t rows);

    Oid table_;
    TableScanDesc scan_;
    TupleTableSlot* slot_;
    MemoryContext context_;
    MemoryContext batchContext_;  // values of the current hot batch
    pg::ContextResource* resource_;
    BatchCounters* counters_;
    SourceColumn* columns_;
    int columnCount_;
    int lastAttribute_;  // number of leading attributes that hold all needed ones
    bool hot_;
    bool hotDone_;
    const List* attributes_;
    storage::TupleReader* reader_;  // of hot rows on their pages; nullptr before the first
    HeapTupleHeader* tuples_;
    scan::RowBits walked_;  // rows whose columns without a place are read
    Buffer* pages_;         // pinned
    uint32_t pageCount_;
    uint32_t pageRoom_;
    const ColumnChunks* gathered_;  // with gatheredRows_, where showRows made the batch
    std::span<const uint32_t> gatheredRows_;
    storage::SealedSegment* segment_;
    BlockChoice* choice_;  // may be nullptr
    SegmentStop* stop_;    // may be nullptr
    segment::BlockSet blocks_;
    uint32_t nextBlock_;
    uint32_t firstRow_;
};

}  // namespace footfall::executor
