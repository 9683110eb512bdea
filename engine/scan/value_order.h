// Comparing single values of columns, as predicates do.
#pragma once

#include <cmath>
#include <cstring>
#include <string_view>

#include "engine/scan/expression.h"
#include "engine/vector/column.h"

namespace footfall::scan {

inline std::string_view rawBytes(const vector::Column& column, uint32_t row) noexcept {
    if (column.type().isBytes())
        return column.bytesAt(row);
    return {reinterpret_cast<const char*>(column.fixedAt(row)), column.type().width};
}

// NaN is equal to itself and greater than every other number.
template <class T>
int compareFloats(T a, T b) noexcept {
    if (std::isnan(a) || std::isnan(b))
        return static_cast<int>(std::isnan(a)) - static_cast<int>(std::isnan(b));
    return static_cast<int>(a > b) - static_cast<int>(a < b);
}

// -1, 0 or 1; neither is NULL, the types are comparable.
inline int compareValues(const vector::Column& a, uint32_t rowA, const vector::Column& b,
                         uint32_t rowB) noexcept {
    if (a.type().isInteger()) {
        const int64_t x = a.integerAt(rowA);
        const int64_t y = b.integerAt(rowB);
        return static_cast<int>(x > y) - static_cast<int>(x < y);
    }
    if (a.type().isFloat())
        return compareFloats(a.floatAt(rowA), b.floatAt(rowB));
    const int order = rawBytes(a, rowA).compare(rawBytes(b, rowB));
    return static_cast<int>(order > 0) - static_cast<int>(order < 0);
}

// What a comparison operator says of an order.
inline bool holds(Operator op, int order) noexcept {
    switch (op) {
        case Operator::Equal:
        case Operator::NotDistinctFrom:
            return order == 0;
        case Operator::NotEqual:
        case Operator::DistinctFrom:
            return order != 0;
        case Operator::Less:
            return order < 0;
        case Operator::LessEqual:
            return order <= 0;
        case Operator::Greater:
            return order > 0;
        default:
            return order >= 0;
    }
}

// The operator with its sides exchanged.
inline Operator mirrored(Operator op) noexcept {
    switch (op) {
        case Operator::Less:
            return Operator::Greater;
        case Operator::LessEqual:
            return Operator::GreaterEqual;
        case Operator::Greater:
            return Operator::Less;
        case Operator::GreaterEqual:
            return Operator::LessEqual;
        default:
            return op;
    }
}

}  // namespace footfall::scan
