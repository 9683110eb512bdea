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

    // Steps through the exceptions in row order.
    struct Cursor {
        uint32_t index;
    };
    // The first exception at or after `row`.
    Cursor seek(uint32_t row) const;
    // Whether `row` is the cursor's exception; then appends its value and advances.
    bool appendIfAt(Cursor& cursor, uint32_t row, vector::Column& out);

private:
    std::pmr::vector<uint64_t> rows_;
    ColumnDecoder* values_ = nullptr;
};

}  // namespace footfall::encoding
