// Collects rows and writes them as a segment: columns into the TOAST relation, one row into footfall.segment.
//
// Rows are sorted by the table's order key before they are encoded. Everything is written as the given command of the
// current transaction, so a segment appears and disappears with it. No locks beyond those of an insert.
#pragma once

#include "engine/vector/column.h"
#include "extension/catalog/segment_row.h"
#include "extension/pg/memory.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

class SegmentWriter {
  public:
    // Allocated in a context of its own below `parent`. `relation` is the table the rows go to; `level` decides how
    // much effort encoding takes. The relation need not stay open between calls: append and write take it again.
    static SegmentWriter* create(Relation relation, MemoryContext parent, catalog::Level level);
    void destroy();

    // Appends a row of the relation's descriptor. The values are copied.
    void append(Relation relation, const Datum* values, const bool* nulls);
    int32 rows() const { return rows_; }
    // Whether the segment must be written before another row is appended.
    bool full() const;
    // Bytes held by the rows collected.
    Size memory() const { return rawBytes_; }

    // Writes the rows as a segment and forgets them; returns its number. `order`, when given, receives in the current
    // context, for each row of the segment, the position at which it was appended.
    int32 write(Relation relation, CommandId cid, uint32** order = nullptr);

    // Values of a collected row (positions as appended), allocated in the current context.
    void read(Relation relation, int32 row, Datum* values, bool* nulls);
    void clear();

  private:
    SegmentWriter() = default;

    MemoryContext context_;
    pg::ContextResource* resource_;
    catalog::Level level_;
    int32 rows_;
    Size rawBytes_;
    int columnCount_;
    int16* attributes_;                 // attribute index (0-based) of each column
    vector::Column** columns_;
};

}  // namespace footfall::storage
