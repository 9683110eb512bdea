// The rows of one dimension of a DimensionJoin, in memory, or a part of them at a time.
//
// The idea: the rows are read from the child plan into columns. When they are more than memory may
// hold, the child starts again and its rows go to a temporary file; they are then split by the hash
// of the key into parts that fit, and the fact table is read once for each part. A fact row belongs
// to the part of its key (NULL: the first), so each pass sees other fact rows, and for these all
// that they can be joined with.
//
// How many parts there are depends on the rows alone, not on their order: every process of a
// parallel plan comes to the same number.
#pragma once

#include "engine/scan/lookup_table.h"
#include "extension/pg/memory.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

class DimensionRows {
  public:
    // In the current context. `columns` of the child's result are wanted, all of them; `key` is
    // one.
    static DimensionRows* create(PlanState* child, int columns, int key);

    // Reads the child to its end; the first part is loaded then. Returns what is in memory.
    Size open(Size limit, uint32_t mostParts);
    uint32_t parts() const { return parts_; }
    uint32_t loaded() const { return loaded_; }
    // Makes the columns those of a part; what the former ones hold is gone.
    void load(uint32_t part);
    // Gives back the temporary file.
    void release();

    vector::Column* column(int index) const { return columns_[index]; }
    // Where the columns are, emptied by load().
    MemoryContext context() const { return rowsContext_; }
    pg::ContextResource* resource() const { return resource_; }

  private:
    DimensionRows() = default;
    TupleTableSlot* next();
    bool read(Size limit);
    Size take(TupleTableSlot* slot, uint32_t row);
    void append(uint32_t rows);
    Size spool();

    PlanState* child_;
    int columnCount_;
    int key_;
    Form_pg_attribute* forms_;
    Datum** values_;  // of up to 1,024 rows on their way into columns
    bool** nulls_;
    MemoryContext context_;
    MemoryContext rowsContext_;
    MemoryContext batchContext_;
    pg::ContextResource* resource_;
    vector::Column** columns_;
    Tuplestorestate* spooled_;
    TupleTableSlot* spoolSlot_;
    uint32_t parts_;  // a power of two
    uint32_t loaded_;
    Size bytes_;  // read from the child
};

}  // namespace footfall::executor
