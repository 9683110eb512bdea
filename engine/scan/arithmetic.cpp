// + - * / % and their unary friends, with PostgreSQL's errors.
//
// A kernel computes all rows and only notes whether some result looks like an error; then the
// selected rows that are not NULL are looked at one by one, since garbage at other positions must
// not raise anything.
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

// The exact answer for a row; throws where PostgreSQL does.
template <class T>
T computeInteger(Operator op, T a, T b) {
    T result{};
    switch (op) {
        case Operator::Add:
            if (__builtin_add_overflow(a, b, &result))
                throwOutOfRange<T>();
            return result;
        case Operator::Subtract:
            if (__builtin_sub_overflow(a, b, &result))
                throwOutOfRange<T>();
            return result;
        case Operator::Multiply:
            if (__builtin_mul_overflow(a, b, &result))
                throwOutOfRange<T>();
            return result;
        case Operator::Negate:
            if (a == std::numeric_limits<T>::min())
                throwOutOfRange<T>();
            return static_cast<T>(-a);
        case Operator::Absolute:
            if (a == std::numeric_limits<T>::min())
                throwOutOfRange<T>();
            return a < 0 ? static_cast<T>(-a) : a;
        default:
            break;
    }
    if (b == 0)
        throw base::Error(base::ErrorKind::DivisionByZero, "division by zero");
    if (b == -1) {
        // The quotient of the smallest value does not fit, the remainder is 0.
        if (op == Operator::Modulo)
            return 0;
        return computeInteger<T>(Operator::Negate, a, a);
    }
    return static_cast<T>(op == Operator::Divide ? a / b : a % b);
}

template <class T>
T computeFloat(Operator op, T a, T b) {
    T result{};
    switch (op) {
        case Operator::Negate:
            return -a;
        case Operator::Absolute:
            return std::fabs(a);
        case Operator::Add:
            result = a + b;
            break;
        case Operator::Subtract:
            result = a - b;
            break;
        case Operator::Multiply:
            result = a * b;
            if (result == 0 && a != 0 && b != 0)
                throwUnderflow();
            break;
        default:
            if (b == 0 && !std::isnan(a))
                throw base::Error(base::ErrorKind::DivisionByZero, "division by zero");
            result = a / b;
            if (std::isinf(result) && !std::isinf(a))
                throwOverflow();
            if (result == 0 && a != 0 && !std::isinf(b))
                throwUnderflow();
            return result;
    }
    if (std::isinf(result) && !std::isinf(a) && !std::isinf(b))
        throwOverflow();
    return result;
}

template <class T>
T compute(Operator op, T a, T b) {
    if constexpr (std::is_floating_point_v<T>)
        return computeFloat<T>(op, a, b);
    else
        return computeInteger<T>(op, a, b);
}

// Results of all rows; whether one of them may be an error.
template <class T, Operator kOp>
bool computeAll(Operand<T> a, Operand<T> b, const Selection& selection, uint32_t rows,
                T* __restrict out) {
    if constexpr (std::is_floating_point_v<T>) {
        forPairs(a, b, selection, rows, [&](T x, T y, uint32_t row) {
            if constexpr (kOp == Operator::Add)
                out[row] = x + y;
            else if constexpr (kOp == Operator::Subtract)
                out[row] = x - y;
            else if constexpr (kOp == Operator::Multiply)
                out[row] = x * y;
            else
                out[row] = x / y;
        });
        constexpr T kGreatest = std::numeric_limits<T>::max();
        using Bits = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
        Bits suspicious = 0;
        forRows(selection, rows, [&](uint32_t row) {
            const T size = std::fabs(out[row]);
            suspicious |= static_cast<Bits>(!(size <= kGreatest));
            if constexpr (kOp == Operator::Multiply || kOp == Operator::Divide)
                suspicious |= static_cast<Bits>(size == 0);
        });
        return suspicious != 0;
    } else if constexpr (sizeof(T) < 8) {
        int64_t suspicious = 0;
        forPairs(a, b, selection, rows, [&](T x, T y, uint32_t row) {
            int64_t wide;
            if constexpr (kOp == Operator::Add)
                wide = int64_t{x} + y;
            else if constexpr (kOp == Operator::Subtract)
                wide = int64_t{x} - y;
            else
                wide = int64_t{x} * y;
            out[row] = static_cast<T>(wide);
            suspicious |= static_cast<int64_t>(wide != static_cast<T>(wide));
        });
        return suspicious != 0;
    } else {
        bool suspicious = false;
        forPairs(a, b, selection, rows, [&](T x, T y, uint32_t row) {
            T result;
            if constexpr (kOp == Operator::Add)
                suspicious |= __builtin_add_overflow(x, y, &result);
            else if constexpr (kOp == Operator::Subtract)
                suspicious |= __builtin_sub_overflow(x, y, &result);
            else
                suspicious |= __builtin_mul_overflow(x, y, &result);
            out[row] = result;
        });
        return suspicious;
    }
}

template <class T>
void computeBlock(Operator op, const Block& a, const Block* b, const Selection& selection,
                  uint32_t rows, Evaluator::Node& node, const uint64_t* nulls) {
    const Operand<T> x = load<T>(a, selection, node.left);
    const Operand<T> y = b == nullptr ? x : load<T>(*b, selection, node.right);
    T* out = reinterpret_cast<T*>(node.flat(rows));
    bool exactly = true;
    switch (op) {
        case Operator::Add:
            exactly = computeAll<T, Operator::Add>(x, y, selection, rows, out);
            break;
        case Operator::Subtract:
            exactly = computeAll<T, Operator::Subtract>(x, y, selection, rows, out);
            break;
        case Operator::Multiply:
            exactly = computeAll<T, Operator::Multiply>(x, y, selection, rows, out);
            break;
        case Operator::Divide:
            if constexpr (std::is_floating_point_v<T>)
                exactly = computeAll<T, Operator::Divide>(x, y, selection, rows, out);
            break;
        default:
            break;
    }
    if (!exactly)
        return;
    forSelected(selection, [&](uint32_t row) {
        if (nulls == nullptr || !testBit(nulls, row))
            out[row] = compute<T>(op, x[row], y[row]);
    });
}

}  // namespace

const Block& Evaluator::arithmetic(const Expression& expression, Batch& batch,
                                   const Selection& selection) {
    Node& own = node(expression);
    const Block& a = evaluate(*expression.arguments[0], batch, selection);
    const Block* b = expression.arguments.size() < 2
                         ? nullptr
                         : &evaluate(*expression.arguments[1], batch, selection);
    const bool constant =
        a.shape == Block::Shape::Constant && (b == nullptr || b->shape == Block::Shape::Constant);
    if ((a.shape == Block::Shape::Constant && a.values.isNull(0)) ||
        (b != nullptr && b->shape == Block::Shape::Constant && b->values.isNull(0))) {
        return own.null(batch.rows());
    }
    const uint32_t rows = constant ? 1 : batch.rows();
    const Selection& wanted = constant ? one_ : selection;
    const uint64_t* nulls = nullptr;
    if (!constant) {
        own.nulls.fill(0);
        const bool left = addNulls(a, rows, own.nulls.data());
        const bool right = b != nullptr && addNulls(*b, rows, own.nulls.data());
        nulls = left || right ? own.nulls.data() : nullptr;
    }
    switch (expression.type.kind) {
        case Kind::Int16:
            computeBlock<int16_t>(expression.op, a, b, wanted, rows, own, nulls);
            break;
        case Kind::Int32:
            computeBlock<int32_t>(expression.op, a, b, wanted, rows, own, nulls);
            break;
        case Kind::Int64:
            computeBlock<int64_t>(expression.op, a, b, wanted, rows, own, nulls);
            break;
        case Kind::Float32:
            computeBlock<float>(expression.op, a, b, wanted, rows, own, nulls);
            break;
        default:
            computeBlock<double>(expression.op, a, b, wanted, rows, own, nulls);
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
