// Casts among Bool, integers and floats, rounding and failing as PostgreSQL's do.
#include <cmath>
#include <limits>
#include <type_traits>

#include "engine/scan/node.h"
#include "engine/scan/operands.h"
#include "engine/scan/range_error.h"

namespace footfall::scan {

using vector::Block;
using vector::Kind;

namespace {

template <class To, class From>
To castValue(From value) {
    if constexpr (std::is_integral_v<To> && std::is_integral_v<From>) {
        if (value < std::numeric_limits<To>::min() || value > std::numeric_limits<To>::max())
            throwOutOfRange<To>();
        return static_cast<To>(value);
    } else if constexpr (std::is_integral_v<To>) {
        // The upper limit itself may not be a float, its negation is a power of two.
        constexpr From kLow = static_cast<From>(std::numeric_limits<To>::min());
        const From rounded = std::rint(value);
        if (!(rounded >= kLow && rounded < -kLow))
            throwOutOfRange<To>();
        return static_cast<To>(rounded);
    } else {
        const To result = static_cast<To>(value);
        if constexpr (std::is_floating_point_v<From>) {
            if (std::isinf(result) && !std::isinf(value))
                throwOverflow();
            if (result == 0 && value != 0)
                throwUnderflow();
        }
        return result;
    }
}

// Whether no value of From can fail.
template <class To, class From>
constexpr bool always() {
    if constexpr (std::is_floating_point_v<To>)
        return std::is_integral_v<From> || sizeof(From) <= sizeof(To);
    else
        return std::is_integral_v<From> && sizeof(From) <= sizeof(To);
}

template <class To, class From>
void castValues(const From* __restrict from, To* __restrict to, const uint64_t* nulls,
                const Selection& selection, uint32_t rows) {
    if constexpr (always<To, From>()) {
        forRows(selection, rows, [&](uint32_t row) { to[row] = static_cast<To>(from[row]); });
    } else {
        forSelected(selection, [&](uint32_t row) {
            if (nulls == nullptr || !testBit(nulls, row))
                to[row] = castValue<To, From>(from[row]);
        });
    }
}

template <class To>
void castTo(const Block& block, std::byte* out, const uint64_t* nulls, const Selection& selection,
            uint32_t rows, base::Buffer& scratch) {
    To* to = reinterpret_cast<To*>(out);
    switch (block.holder().type().kind) {
        case Kind::Bool:
        case Kind::Int8:
        case Kind::Int16:
            return castValues(load<int16_t>(block, selection, scratch).values, to, nulls, selection,
                              rows);
        case Kind::Int32:
            return castValues(load<int32_t>(block, selection, scratch).values, to, nulls, selection,
                              rows);
        case Kind::Int64:
            return castValues(load<int64_t>(block, selection, scratch).values, to, nulls, selection,
                              rows);
        case Kind::Float32:
            return castValues(load<float>(block, selection, scratch).values, to, nulls, selection,
                              rows);
        default:
            return castValues(load<double>(block, selection, scratch).values, to, nulls, selection,
                              rows);
    }
}

void castToBool(const Block& block, std::byte* out, const Selection& selection, uint32_t rows,
                base::Buffer& scratch) {
    const int64_t* __restrict from = load<int64_t>(block, selection, scratch).values;
    auto* __restrict to = reinterpret_cast<uint8_t*>(out);
    forRows(selection, rows, [&](uint32_t row) { to[row] = static_cast<uint8_t>(from[row] != 0); });
}

}  // namespace

const Block& Evaluator::cast(const Expression& expression, Batch& batch,
                             const Selection& selection) {
    const Block& argument = evaluate(*expression.arguments[0], batch, selection);
    if (argument.holder().type().kind == expression.type.kind)
        return argument;
    Node& own = node(expression);
    const bool constant = argument.shape == Block::Shape::Constant;
    if (constant && argument.values.isNull(0))
        return own.null(batch.rows());
    const uint32_t rows = constant ? 1 : batch.rows();
    const Selection& wanted = constant ? one_ : selection;
    const uint64_t* nulls = nullptr;
    if (!constant) {
        own.nulls.fill(0);
        if (addNulls(argument, rows, own.nulls.data()))
            nulls = own.nulls.data();
    }
    std::byte* out = own.flat(rows);
    switch (expression.type.kind) {
        case Kind::Bool:
            castToBool(argument, out, wanted, rows, own.left);
            break;
        case Kind::Int8:
            castTo<int8_t>(argument, out, nulls, wanted, rows, own.left);
            break;
        case Kind::Int16:
            castTo<int16_t>(argument, out, nulls, wanted, rows, own.left);
            break;
        case Kind::Int32:
            castTo<int32_t>(argument, out, nulls, wanted, rows, own.left);
            break;
        case Kind::Int64:
            castTo<int64_t>(argument, out, nulls, wanted, rows, own.left);
            break;
        case Kind::Float32:
            castTo<float>(argument, out, nulls, wanted, rows, own.left);
            break;
        default:
            castTo<double>(argument, out, nulls, wanted, rows, own.left);
    }
    if (nulls != nullptr)
        own.block.values.setNulls(nulls);
    if (constant) {
        own.block.shape = Block::Shape::Constant;
        own.block.rows = batch.rows();
    }
    return own.block;
}

}  // namespace footfall::scan
