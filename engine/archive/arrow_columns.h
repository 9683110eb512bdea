// A segment's columns as Arrow arrays and back; archived_column.h has the table of types.
#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/archive/archived_column.h"
#include "engine/base/error.h"

namespace footfall::archive {

// Values that Parquet's type cannot hold, by row: what kExactColumn stores. A row's text is, for
// each such column in order, its number and its bytes, each number and length a varint.
class ExactValues {
  public:
    void add(uint32_t row, uint32_t column, std::string_view bytes);
    bool empty() const { return rows_.empty(); }
    // A binary array of `rows` values, NULL for rows without.
    std::shared_ptr<arrow::Array> toArrow(uint32_t rows, arrow::MemoryPool* pool) const;
    // Throws CorruptData.
    static ExactValues parse(const arrow::Array& array, uint32_t columns);

    struct Value {
        uint32_t row;
        std::string bytes;
    };
    // The values of one column, ascending by row.
    std::vector<Value> ofColumn(uint32_t column) const;

  private:
    struct Entry {
        uint32_t row;
        uint32_t column;
        std::string bytes;
    };
    std::vector<Entry> rows_;
};

std::shared_ptr<arrow::DataType> arrowType(const ArchivedColumn& column);

// `number` is the column's place in the file. What cannot be held goes to `exact`.
std::shared_ptr<arrow::Array> toArrow(const vector::Column& values, const ArchivedColumn& column,
                                      uint32_t number, ExactValues& exact, arrow::MemoryPool* pool);

// Whether the column's values are what Arrow's are, so that a dictionary's entries serve as they
// are.
bool mayBeCoded(const ArchivedColumn& column);

// Appends the rows of `array`, which begin at row `firstRow` of their group, to `out`; `exact` are
// the column's, ascending. The array of a column that mayBeCoded may be a dictionary. Throws
// CorruptData when the array is not of the column's type or a value
// not one that toArrow gives.
void fromArrow(const arrow::Array& array, const ArchivedColumn& column, uint32_t firstRow,
               const std::vector<ExactValues::Value>& exact, vector::Column& out);

// Throws what a failed call of Arrow means: OutOfMemory, else `kind` with the message.
void checkArrow(const arrow::Status& status, base::ErrorKind kind);

}  // namespace footfall::archive
