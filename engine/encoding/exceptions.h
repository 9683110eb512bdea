// Rows that do not fit a codec's pattern, kept aside as byte values.
//
// Stored: their number and, when there are any, their rows (an integer stream, ascending) and
// their values (a column node), both as parts.
#pragma once

#include <memory_resource>
#include <vector>

#include "engine/encoding/column_codec.h"
#include "engine/encoding/column_encoder.h"

namespace footfall::encoding {

void encodeExceptions(const vector::Column& column, std::span<const uint32_t> rows,
                      const NodeOptions& options, base::ByteWriter& out);

class Exceptions {
  public:
    Exceptions(base::ByteReader& in, vector::ColumnType type, uint32_t rows, OpenContext& context);

    // Decodes the exceptions among rows `first` to `first + count`, for appendIf.
    void load(uint32_t first, uint32_t count);
    // Whether the range loaded holds any.
    bool any() const { return begin_ != end_; }
    // If `row` is an exception, appends its value and returns true. Rows must be asked for in
    // ascending order, inside the range loaded.
    bool appendIf(uint32_t row, vector::Column& out);

  private:
    std::pmr::vector<uint64_t> rows_;
    ColumnDecoder* values_ = nullptr;
    vector::Column loaded_;
    uint32_t begin_ = 0;  // index of the first loaded exception
    uint32_t next_ = 0;   // of the first not yet passed
    uint32_t end_ = 0;
};

}  // namespace footfall::encoding
