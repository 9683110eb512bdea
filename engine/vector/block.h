// A decoded run of at most 1,024 rows that keeps its encoding as long as possible.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "engine/vector/column.h"

namespace footfall::vector {

// The code of a NULL row in a Dictionary block.
inline constexpr uint32_t kNullCode = UINT32_MAX;

class Block {
  public:
    // Flat: `values` has one entry a row. Constant: `values` has one entry, for every row (it may
    // be NULL). Dictionary: `codes[i]` indexes `*dictionary`, whose entries are distinct and not
    // NULL; the reader owns it and keeps it for its own life.
    enum class Shape : uint8_t { Flat, Constant, Dictionary };

    explicit Block(std::pmr::memory_resource* resource)
        : values(ColumnType{}, resource), codes(resource) {}

    Shape shape = Shape::Flat;
    uint32_t rows = 0;
    Column values;
    std::pmr::vector<uint32_t> codes;
    const Column* dictionary = nullptr;
    uint64_t dictionaryId = 0;  // unlike every other dictionary's in this process

    bool isNull(uint32_t row) const noexcept {
        switch (shape) {
            case Shape::Flat:
                return values.isNull(row);
            case Shape::Constant:
                return values.isNull(0);
            case Shape::Dictionary:
                break;
        }
        return codes[row] == kNullCode;
    }
    // The column and row in it that hold row `row`; not for NULL rows of a Dictionary.
    const Column& holder() const noexcept {
        return shape == Shape::Dictionary ? *dictionary : values;
    }
    uint32_t holderRow(uint32_t row) const noexcept {
        switch (shape) {
            case Shape::Flat:
                return row;
            case Shape::Constant:
                return 0;
            case Shape::Dictionary:
                break;
        }
        return codes[row];
    }
    // Appends the rows to `out`, flat.
    void flatten(Column& out) const {
        for (uint32_t row = 0; row < rows; ++row) {
            if (isNull(row)) {
                out.appendNull();
            } else {
                out.appendFrom(holder(), holderRow(row));
            }
        }
    }
};

// Rows in runs of equal values: the rows from ends[i - 1] (or 0) up to ends[i] have the value of
// row i of `values`.
struct Runs {
    explicit Runs(std::pmr::memory_resource* resource) : ends(resource), values(resource) {}
    std::pmr::vector<uint16_t> ends;  // ascending; the last is the number of rows
    Block values;
};

}  // namespace footfall::vector
