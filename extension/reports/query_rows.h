// The rows of a query, kept for a report that goes on computing with them.
//
// They are in a tuplestore, which spills to disk at work_mem, so they can be read more than once.
// Values are good until the next row.
#pragma once

#include <initializer_list>

#include "extension/reports/report.h"

namespace footfall::reports {

class QueryRows {
  public:
    // Runs the query, whose columns are of these types.
    QueryRows(const char* query, std::initializer_list<Oid> types);

    // Goes to the next row, looking for interrupts; false behind the last one.
    bool next();
    // Back to before the first row.
    void rewind();
    int64 count() const { return tuplestore_tuple_count(rows_); }
    // Frees the rows.
    void end();

    bool isNull(int column) const { return slot_->tts_isnull[column]; }
    int64 bigint(int column) const { return DatumGetInt64(slot_->tts_values[column]); }
    double real(int column) const { return DatumGetFloat8(slot_->tts_values[column]); }
    bool flag(int column) const { return DatumGetBool(slot_->tts_values[column]); }
    // A copy; nullptr for NULL.
    char* string(int column) const;

  private:
    MemoryContext context_;
    Tuplestorestate* rows_;
    TupleTableSlot* slot_;
};

// CHECK_FOR_INTERRUPTS for the engine.
void pollInterrupts();

// How many bytes the engine may use for a report beside its rows.
size_t engineLimit();

}  // namespace footfall::reports
