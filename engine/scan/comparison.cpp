#include "engine/scan/comparison.h"

#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "engine/scan/operands.h"
#include "engine/scan/value_order.h"

namespace footfall::scan {

using vector::Block;
using vector::Kind;

namespace {

// NaN is equal to itself and greater than everything.
struct IsEqual {
    template <class T>
    bool operator()(T a, T b) const noexcept {
        if constexpr (std::is_floating_point_v<T>)
            return a == b || (std::isnan(a) && std::isnan(b));
        else
            return a == b;
    }
};
struct IsLess {
    template <class T>
    bool operator()(T a, T b) const noexcept {
        if constexpr (std::is_floating_point_v<T>)
            return a < b || (!std::isnan(a) && std::isnan(b));
        else
            return a < b;
    }
};

template <class T, class Relation, bool kHolds, bool kSwap>
void compareAll(Operand<T> a, Operand<T> b, const Selection& selection, uint32_t rows,
                uint8_t* __restrict mask) {
    const Relation relation;
    forPairs(a, b, selection, rows, [&](T x, T y, uint32_t row) {
        mask[row] = static_cast<uint8_t>((kSwap ? relation(y, x) : relation(x, y)) == kHolds);
    });
}

template <class T>
void compareAs(Operator op, const Block& a, const Block& b, const Selection& selection,
               uint32_t rows, base::Buffer& left, base::Buffer& right, uint8_t* mask) {
    const Operand<T> x = load<T>(a, selection, left);
    const Operand<T> y = load<T>(b, selection, right);
    switch (op) {
        case Operator::Equal:
        case Operator::NotDistinctFrom:
            return compareAll<T, IsEqual, true, false>(x, y, selection, rows, mask);
        case Operator::NotEqual:
        case Operator::DistinctFrom:
            return compareAll<T, IsEqual, false, false>(x, y, selection, rows, mask);
        case Operator::Less:
            return compareAll<T, IsLess, true, false>(x, y, selection, rows, mask);
        case Operator::GreaterEqual:
            return compareAll<T, IsLess, false, false>(x, y, selection, rows, mask);
        case Operator::Greater:
            return compareAll<T, IsLess, true, true>(x, y, selection, rows, mask);
        default:
            return compareAll<T, IsLess, false, true>(x, y, selection, rows, mask);
    }
}

Kind kindOf(const Block& block) noexcept {
    return block.holder().type().kind;
}

// Whether the block's values, or its only value, are values of a narrower type too.
bool fits(const Block& block, Kind kind) noexcept {
    if (kindOf(block) <= kind)
        return true;
    if (block.shape != Block::Shape::Constant)
        return false;
    const int64_t value = block.values.integerAt(0);
    switch (kind) {
        case Kind::Int16:
            return std::in_range<int16_t>(value);
        case Kind::Int32:
            return std::in_range<int32_t>(value);
        default:
            return false;
    }
}

}  // namespace

void compareNumbers(Operator op, const Block& a, const Block& b, const Selection& selection,
                    uint32_t rows, base::Buffer& left, base::Buffer& right, uint8_t* mask) {
    if (a.shape == Block::Shape::Constant && b.shape != Block::Shape::Constant)
        return compareNumbers(mirrored(op), b, a, selection, rows, right, left, mask);
    if (a.holder().type().isFloat()) {
        if (kindOf(a) == Kind::Float32 && kindOf(b) == Kind::Float32)
            return compareAs<float>(op, a, b, selection, rows, left, right, mask);
        return compareAs<double>(op, a, b, selection, rows, left, right, mask);
    }
    if (fits(a, Kind::Int16) && fits(b, Kind::Int16))
        return compareAs<int16_t>(op, a, b, selection, rows, left, right, mask);
    if (fits(a, Kind::Int32) && fits(b, Kind::Int32))
        return compareAs<int32_t>(op, a, b, selection, rows, left, right, mask);
    compareAs<int64_t>(op, a, b, selection, rows, left, right, mask);
}

}  // namespace footfall::scan
