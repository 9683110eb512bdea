// Rows of one piece of a stream of customers (customer_stream.h), put into the order key's order.
//
// The idea: a piece comes run by run, each run in order, so its rows are few ascending stretches,
// which are merged where they stand: keys are compared as integers, and only the rows' numbers
// move. A piece that outgrows work_mem, such as a customer with millions of events, goes on in a
// tuplesort, which spills.
//
// Values that are no Datums by themselves, such as texts, are copied, since a piece outlives the
// batches it is made of: once a dictionary entry, where rows of a piece share one, else those of a
// batch together.
#pragma once

#include "engine/scan/batch.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

class PieceRows {
  public:
    // A column of the rows: where it stands in the batches, and its type.
    struct Column {
        uint32_t batchColumn;
        Form_pg_attribute form;
    };
    // Rows are in the order of the columns `order` (numbers in `columns`), ascending and NULLs
    // last, all of them of types that are integers of at most eight bytes to PostgreSQL and
    // compared as such. In the current context.
    static PieceRows* create(const Column* columns, int columnCount, const int* order,
                             int orderCount);
    void clear();
    // Not inside the engine.
    void add(scan::Batch& batch, const scan::Selection& selection);
    // All rows are in.
    void finish();
    // Puts the next row into the leading columns of the slot, which is not stored; false at the
    // end. Values live until clear().
    bool next(TupleTableSlot* slot);
    void close();
    // Pieces that did not fit into work_mem.
    uint64 spilled() const { return spilled_; }

  private:
    PieceRows() = default;
    bool comesBefore(uint32_t left, uint32_t right) const;
    void reserve(uint32_t rows);
    // Datums of a dictionary's entries; nullptr until a row has the entry.
    struct Entries {
        uint64 dictionaryId;
        Datum* values;
    };
    Datum* entriesOf(int number, const vector::Block& block, uint32_t rows);
    void addColumn(int number, const vector::Block& block, const scan::Selection& selection);
    void addKeys(uint32_t first);
    void merge();
    void spill();
    void spillRow(uint32_t row);

    const Column* columns_;
    int columnCount_;
    const int* order_;
    int orderCount_;
    MemoryContext context_;  // of the piece's rows and values
    uint32_t rows_;
    uint32_t room_;
    Datum* values_;  // column by column, room_ each
    bool* nulls_;
    Entries* entries_;  // of each column, the dictionary met last in this piece
    int64* keys_;       // row by row, orderCount_ each
    bool* keyNulls_;
    uint32_t* sorted_;     // numbers of rows, in order when finished
    uint32_t* stretches_;  // where ascending stretches begin
    uint32_t stretchCount_;
    uint32_t stretchRoom_;
    uint32_t next_;
    Tuplesortstate* sort_;
    TupleDesc descriptor_;
    TupleTableSlot* input_;
    TupleTableSlot* output_;
    uint64 spilled_;
};

}  // namespace footfall::executor
