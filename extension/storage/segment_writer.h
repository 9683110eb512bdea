// Collects rows and writes them as a segment: columns into the TOAST relation, one row into
// footfall.segment.
//
// Rows are sorted by the table's order key and encoded by an engine job, for bulk loads on a thread
// of its own while the next rows are collected into a second set of columns. Everything is written
// by the backend itself, as the given command of the current transaction, so a segment appears and
// disappears with it. No locks beyond those of an insert.
//
// Memory: columns live in the writer's context; the job's memory is the C++ heap's and goes with
// that context too, by a reset callback that first joins the job's thread: on every exit path,
// ERROR included.
#pragma once

#include "engine/vector/column.h"
#include "extension/catalog/segment_row.h"
#include "extension/pg/memory.h"
#include "extension/pg/pg.h"

namespace footfall::segment {
class EncodeJob;
}

namespace footfall::storage {

class SegmentWriter {
  public:
    // Allocated in a context of its own below `parent`. `relation` is the table the rows go to;
    // `level` decides how much effort encoding takes. The relation need not stay open between
    // calls: append and write take it again.
    static SegmentWriter* create(Relation relation, MemoryContext parent, catalog::Level level);
    void destroy();

    // Appends a row of the relation's descriptor. The values are copied.
    void append(Relation relation, const Datum* values, const bool* nulls);
    // Appends rows of slots whose attributes are all deformed, until the segment is full; returns
    // how many.
    int appendSlots(Relation relation, TupleTableSlot** slots, int count);
    // Rows collected, without those that are being encoded.
    int32 rows() const { return rows_; }
    // Whether the segment must be written before another row is appended.
    bool full() const;
    // Bytes held by the rows collected or being encoded.
    Size memory() const { return rawBytes_ + pendingBytes_; }

    // Writes the rows as a segment and forgets them; returns its number. `order`, when given,
    // receives in the current context, for each row of the segment, the position at which it was
    // appended.
    int32 write(Relation relation, CommandId cid, uint32** order = nullptr);

    // Starts encoding the rows in the background; they are written by the next write, startWrite or
    // finishWrite.
    void startWrite(Relation relation, CommandId cid);
    bool encoding() const { return job_ != nullptr; }
    // Writes what is being encoded, if anything.
    void finishWrite(Relation relation);

    // Numbers of all segments this writer has written, in order.
    const List* numbers() const { return numbers_; }

    // Values of a collected row (positions as appended), allocated in the current context.
    void read(Relation relation, int32 row, Datum* values, bool* nulls);
    void clear();

  private:
    SegmentWriter() = default;

    void startJob(Relation relation, CommandId cid, bool background);
    int32 finishJob(Relation relation, uint32** order);
    static void dropJob(void* self);
    Size columnBytes() const;

    MemoryContext context_;
    pg::ContextResource* resource_;
    MemoryContextCallback dropCallback_;
    catalog::Level level_;
    int columnCount_;
    int16* attributes_;        // attribute index (0-based) of each column
    vector::Column* sets_[2];  // the set being collected and the set being encoded
    int active_;
    int32 rows_;
    Size rawBytes_;
    List* numbers_;  // in context_
    segment::EncodeJob* job_;
    CommandId pendingCid_;
    int32 pendingRows_;
    Size pendingBytes_;
};

}  // namespace footfall::storage
