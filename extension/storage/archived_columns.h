// The columns of one cold segment, for the engine's reader: from the local cache, or the archive.
//
// A column is decoded whole when it is first touched, and kept until the segment is closed. Which
// columns a scan touches shows in its first segment; of the next ones they are fetched together.
#pragma once

#include "engine/segment/segment_reader.h"
#include "extension/catalog/segment_row.h"
#include "extension/pg/memory.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

// What reading cold segments took, for EXPLAIN.
struct ArchiveCounters {
    int64 segments;       // of which some column was read
    int64 columnsCached;  // that the local cache had
    int64 columnsRead;    // from the archive
    int64 bytesRead;      // from the archive, as values in memory
};

// Which columns a scan's cold segments were asked for, by attribute; survives a segment.
struct ColumnHabit {
    int attributes;
    bool* asked;
};

class ArchivedColumns final : public segment::ColumnSource {
  public:
    // What it keeps comes from `resource`. `counters` may be null. Without `cached` the archive
    // itself is read: for whoever checks it.
    ArchivedColumns(Oid table, Oid storage, const catalog::SegmentRow* row,
                    const segment::SegmentMeta* meta, const ColumnHabit& habit, bool cached,
                    std::pmr::memory_resource* resource);
    void countInto(ArchiveCounters* counters) { counters_ = counters; }

    const vector::Column& column(uint32_t column) override;

  private:
    struct Place {
        int32 at;                // in the object; -1: not there
        vector::Column* values;  // or nullptr
    };

    void describe();
    vector::Column* make(uint32_t column);
    bool takeCached(uint32_t column);
    void fetch(std::span<const uint32_t> columns);

    Oid table_;
    Oid storage_;
    const catalog::SegmentRow* row_;
    const segment::SegmentMeta* meta_;
    ColumnHabit habit_;
    bool cached_;
    std::pmr::memory_resource* resource_;
    ArchiveCounters* counters_ = nullptr;
    std::pmr::vector<Place> places_;
    char object_[65] = "";  // its SHA-256
    bool described_ = false;
    bool counted_ = false;
};

}  // namespace footfall::storage
