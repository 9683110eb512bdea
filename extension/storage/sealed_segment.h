// One open segment, read row by row or in batches of 1,024 rows, column by column and only when
// asked.
//
// The idea: `open` reads the catalog row's metadata and the tombstones that the snapshot sees, no
// chunk. `datum` loads a column of the current batch at its first use: the chunk is fetched from
// the TOAST relation once per segment, the batch's rows become Datums once per batch. Values live
// until the next batch is loaded.
//
// The columns of a cold segment come from the archive instead (archived_columns.h); all else is the
// same, its index included.
//
// Memory: everything of a segment is in segmentContext_, everything of a batch in batchContext_,
// both children of the context current at creation; nothing here needs a destructor.
#pragma once

#include "engine/segment/segment_meta.h"
#include "engine/segment/segment_reader.h"
#include "extension/catalog/segment_row.h"
#include "extension/pg/memory.h"
#include "extension/pg/pg.h"
#include "extension/storage/archived_columns.h"

namespace footfall::storage {

// Fetches the chunks of one segment; called by the engine.
class ToastSource final : public segment::ChunkSource {
  public:
    ToastSource(Oid toastRelation, const catalog::SegmentRow* row, const segment::SegmentMeta* meta)
        : toastRelation_(toastRelation), row_(row), meta_(meta) {}
    void fetch(uint32_t column, uint32_t offset, std::span<std::byte> into) override;
    void fetchIndex(uint32_t offset, std::span<std::byte> into) override;

  private:
    Oid toastRelation_;
    const catalog::SegmentRow* row_;
    const segment::SegmentMeta* meta_;
};

class SealedSegment {
  public:
    // `descriptor` must live as long as this; the relation need not stay open. Rows are read as
    // `descriptor` has them: that of the slot they go to, which during ALTER TABLE is older than
    // the relation's. Allocated in the current context.
    static SealedSegment* create(Relation relation, TupleDesc descriptor);
    void destroy();

    // Opens a segment and its tombstones under `snapshot`; nullptr shows deleted rows too.
    void open(const catalog::SegmentRow* row, Snapshot snapshot);
    // Cold segments opened from now on are read from the archive itself, not from the local cache.
    void distrustCache() { cached_ = false; }
    // Where reading the open segment is counted, if it is cold.
    void countInto(ArchiveCounters* counters);
    // Hides the rows that are deleted for `snapshot`, of a segment opened without one.
    void hideDeleted(Snapshot snapshot);

    Oid table() const { return table_; }
    Oid storage() const { return storage_; }
    TupleDesc descriptor() const { return descriptor_; }
    const catalog::SegmentRow& row() const { return *row_; }
    int32 rows() const { return row_->rows; }
    int32 deletedCount() const { return deletedCount_; }
    bool isDeleted(int32 row) const {
        return deleted_ != nullptr && (deleted_[row >> 6] >> (row & 63) & 1) != 0;
    }
    const segment::SegmentMeta& meta() const { return *meta_; }
    segment::SegmentReader& reader() { return *reader_; }
    // Column chunk of an attribute (0-based), or -1 when the segment does not have it.
    int columnOf(int attribute) const { return columnOf_[attribute]; }

    // Value of attribute `attribute` (0-based) in row `row`.
    Datum datum(int attribute, int32 row, bool* null) {
        const int32 batch = row / kBatchRows;
        if (row < rangeFirst_ || row >= rangeEnd_) {
            startBatch(batch * kBatchRows, Min((batch + 1) * kBatchRows, row_->rows));
        }
        AttributeBatch& loaded = attributes_[attribute];
        if (!loaded.loaded) {
            loadAttribute(attribute);
        }
        const int32 index = row - rangeFirst_;
        *null = loaded.nulls[index];
        return loaded.values[index];
    }

    // Says that of the batch of row `first` only rows [first, end) will be asked for, so that no
    // other is decoded. Until a row outside is asked for; all rows of the batch are back then.
    void narrow(int32 first, int32 end) {
        if (first != rangeFirst_ || end != rangeEnd_) {
            startBatch(first, end);
        }
    }

    // What a row of a segment without this attribute has: its fast default or NULL.
    static Datum missingValue(Oid storage, TupleDesc descriptor, int attribute, bool* null);

  private:
    static constexpr int32 kBatchRows = segment::kBlockRows;

    struct AttributeBatch {
        bool loaded;
        int32 room;  // of the arrays: from the first row that may be asked for on
        Datum* values;
        bool* nulls;
        vector::Block* block;
        // Datums of the dictionary last seen, kept for the segment.
        uint64_t dictionaryId;
        Datum* dictionaryValues;
    };

    SealedSegment() = default;
    void startBatch(int32 first, int32 end);
    void loadAttribute(int attribute);
    void checkLayout();

    Oid table_;
    Oid storage_;
    bool unlogged_;
    TupleDesc descriptor_;
    MemoryContext segmentContext_;
    MemoryContext batchContext_;
    pg::ContextResource* batchResource_;
    pg::ContextResource* segmentResource_;
    const catalog::SegmentRow* row_;
    segment::SegmentMeta* meta_;
    segment::SegmentReader* reader_;
    ArchivedColumns* archived_;  // of a cold segment
    ColumnHabit habit_;
    bool cached_;
    uint64* deleted_;
    int32 deletedCount_;
    int32 rangeFirst_;  // rows of one batch that attributes_ shows
    int32 rangeEnd_;
    int16* columnOf_;
    AttributeBatch* attributes_;
};

}  // namespace footfall::storage
