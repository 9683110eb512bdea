// Smallest and greatest values of columns, and the values they are compared with.
//
// The order is the natural one: integers signed; floats with NaN after everything, -0.0 equal to
// 0.0; bytes and fixed-width values as memcmp orders them. NULL is outside every range.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/vector/column.h"

namespace footfall::segment {

enum class BoundKind : uint8_t { Integer = 1, Float, Bytes };

// Which of the three a column type compares as.
BoundKind boundKind(vector::ColumnType type) noexcept;
// Whether the type's values have an order that bounds may speak of (numeric and jsonb do not).
bool hasNaturalOrder(vector::ColumnType type) noexcept;

// A value of a column, or one to compare with. Does not own bytes.
struct Scalar {
    BoundKind kind = BoundKind::Integer;
    int64_t integer = 0;
    double real = 0;
    std::string_view bytes;

    static Scalar of(int64_t value) noexcept;
    static Scalar of(double value) noexcept;
    static Scalar of(std::string_view value) noexcept;
    // A non-NULL row of a column; bytes point into it.
    static Scalar at(const vector::Column& column, uint32_t row) noexcept;
};

// -1, 0 or 1; both of one kind.
int compare(const Scalar& a, const Scalar& b) noexcept;

// Owns its value; bytes are cut to kPrefix.
struct Bound {
    static constexpr size_t kPrefix = 16;

    BoundKind kind = BoundKind::Integer;
    int64_t integer = 0;
    double real = 0;
    uint8_t size = 0;        // of `prefix`
    bool truncated = false;  // the value goes on after `prefix`
    char prefix[kPrefix] = {};

    static Bound of(const Scalar& value) noexcept;
    std::string_view bytes() const noexcept { return {prefix, size}; }
};

// What the bound tells about the value it was made of, against another: less (-1), equal (0),
// greater (1). When a truncated prefix cannot decide, returns `undecided`.
int compare(const Bound& bound, const Scalar& value, int undecided) noexcept;

// The value's place in the order as an integer: a < b implies key(a) <= key(b). Bytes keep their
// first eight.
uint64_t orderKey(const Scalar& value) noexcept;

// Equal values (in the natural order) have equal hashes.
uint64_t hashOf(const Scalar& value) noexcept;

}  // namespace footfall::segment
