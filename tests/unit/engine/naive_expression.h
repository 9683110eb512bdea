// Expressions evaluated one row at a time, as the executor does: the truth for the Evaluator.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "engine/base/error.h"
#include "engine/scan/expression.h"
#include "engine/vector/block.h"

namespace footfall::samples {

struct NaiveValue {
    bool null = true;
    int64_t integer = 0;
    double real = 0;
    std::string bytes;
};

inline NaiveValue naiveAt(const vector::Column& column, uint32_t row) {
    NaiveValue value;
    if (column.isNull(row))
        return value;
    value.null = false;
    if (column.type().isInteger())
        value.integer = column.integerAt(row);
    else if (column.type().isFloat())
        value.real = column.floatAt(row);
    else if (column.type().isBytes())
        value.bytes = std::string(column.bytesAt(row));
    else
        value.bytes.assign(reinterpret_cast<const char*>(column.fixedAt(row)), column.type().width);
    return value;
}

inline NaiveValue naiveAt(const vector::Block& block, uint32_t row) {
    return block.isNull(row) ? NaiveValue{} : naiveAt(block.holder(), block.holderRow(row));
}

inline bool naiveSame(vector::ColumnType type, const NaiveValue& a, const NaiveValue& b) {
    if (a.null || b.null)
        return a.null == b.null;
    if (type.isFloat())
        return a.real == b.real || (std::isnan(a.real) && std::isnan(b.real));
    return type.isInteger() ? a.integer == b.integer : a.bytes == b.bytes;
}

inline NaiveValue naiveInteger(int64_t integer) {
    NaiveValue value;
    value.null = false;
    value.integer = integer;
    return value;
}

// `functions` has NaiveValue call(uint32_t id, const std::vector<NaiveValue>&).
template <class Functions>
class NaiveEvaluator {
  public:
    explicit NaiveEvaluator(Functions& functions) : functions_(functions) {}

    NaiveValue evaluate(const scan::Expression& e, scan::Batch& batch, uint32_t row) {
        using scan::Operator;
        const auto argument = [&](size_t i) { return evaluate(*e.arguments[i], batch, row); };
        switch (e.op) {
            case Operator::Column:
                return naiveAt(batch.column(e.index), row);
            case Operator::Constant:
                return naiveAt(*e.constants, 0);
            case Operator::And:
            case Operator::Or: {
                const int64_t decides = e.op == Operator::Or ? 1 : 0;
                bool unknown = false;
                for (size_t i = 0; i < e.arguments.size(); ++i) {
                    const NaiveValue value = argument(i);
                    if (value.null)
                        unknown = true;
                    else if (value.integer == decides)
                        return naiveInteger(decides);
                }
                return unknown ? NaiveValue{} : naiveInteger(1 - decides);
            }
            case Operator::Case:
                for (size_t i = 0; i + 1 < e.arguments.size(); i += 2) {
                    const NaiveValue when = argument(i);
                    if (!when.null && when.integer != 0)
                        return argument(i + 1);
                }
                return argument(e.arguments.size() - 1);
            case Operator::Coalesce:
                for (size_t i = 0; i < e.arguments.size(); ++i) {
                    const NaiveValue value = argument(i);
                    if (!value.null)
                        return value;
                }
                return {};
            case Operator::Foreign:
            case Operator::Step: {
                std::vector<NaiveValue> values;
                for (size_t i = 0; i < e.arguments.size(); ++i)
                    values.push_back(argument(i));
                return functions_.call(e.index, values);
            }
            default:
                break;
        }
        const NaiveValue a = argument(0);
        if (e.op == Operator::IsNull || e.op == Operator::IsUnknown)
            return naiveInteger(a.null ? 1 : 0);
        if (e.op == Operator::IsNotNull || e.op == Operator::IsNotUnknown)
            return naiveInteger(a.null ? 0 : 1);
        if (e.op >= Operator::IsTrue && e.op <= Operator::IsNotFalse) {
            const bool wantsTrue = e.op == Operator::IsTrue || e.op == Operator::IsNotTrue;
            const bool is = !a.null && (a.integer != 0) == wantsTrue;
            const bool negative = e.op == Operator::IsNotTrue || e.op == Operator::IsNotFalse;
            return naiveInteger(is != negative ? 1 : 0);
        }
        if (e.op == Operator::EqualAny || e.op == Operator::NotEqualAll)
            return any(e, a);
        const NaiveValue b = e.arguments.size() > 1 ? argument(1) : naiveInteger(0);
        if (e.op == Operator::DistinctFrom || e.op == Operator::NotDistinctFrom) {
            const bool same =
                a.null || b.null ? a.null == b.null : order(e.arguments[0]->type, a, b) == 0;
            return naiveInteger(same == (e.op == Operator::NotDistinctFrom) ? 1 : 0);
        }
        if (a.null || b.null)
            return {};
        return strict(e, a, b);
    }

  private:
    static int order(vector::ColumnType type, const NaiveValue& a, const NaiveValue& b) {
        if (type.isInteger())
            return a.integer < b.integer ? -1 : static_cast<int>(a.integer > b.integer);
        if (type.isFloat()) {
            if (std::isnan(a.real) || std::isnan(b.real))
                return static_cast<int>(std::isnan(a.real)) - static_cast<int>(std::isnan(b.real));
            return a.real < b.real ? -1 : static_cast<int>(a.real > b.real);
        }
        const int result = a.bytes.compare(b.bytes);
        return result < 0 ? -1 : static_cast<int>(result > 0);
    }

    static NaiveValue any(const scan::Expression& e, const NaiveValue& a) {
        const bool equal = e.op == scan::Operator::EqualAny;
        if (e.constants->size() == 0)
            return naiveInteger(equal ? 0 : 1);
        if (a.null)
            return {};
        bool unknown = false;
        for (uint32_t i = 0; i < e.constants->size(); ++i) {
            const NaiveValue b = naiveAt(*e.constants, i);
            if (b.null)
                unknown = true;
            else if (order(e.arguments[0]->type, a, b) == 0)
                return naiveInteger(equal ? 1 : 0);
        }
        return unknown ? NaiveValue{} : naiveInteger(equal ? 0 : 1);
    }

    [[noreturn]] static void fail(base::ErrorKind kind) { throw base::Error(kind, "naive"); }

    static NaiveValue inRange(vector::ColumnType type, __int128 value) {
        const __int128 half = static_cast<__int128>(1) << (type.width * 8 - 1);
        if (value < -half || value >= half)
            fail(base::ErrorKind::OutOfRange);
        return naiveInteger(static_cast<int64_t>(value));
    }

    static double number(vector::ColumnType type, const NaiveValue& value) {
        return type.isInteger() ? static_cast<double>(value.integer) : value.real;
    }

    static NaiveValue strict(const scan::Expression& e, const NaiveValue& a, const NaiveValue& b) {
        using scan::Operator;
        const vector::ColumnType type = e.arguments[0]->type;
        if (e.op >= Operator::Equal && e.op <= Operator::GreaterEqual) {
            const int sign = order(type, a, b);
            const bool results[] = {sign == 0, sign != 0, sign<0, sign <= 0, sign> 0, sign >= 0};
            return naiveInteger(
                results[static_cast<int>(e.op) - static_cast<int>(Operator::Equal)] ? 1 : 0);
        }
        if (e.op == Operator::Not)
            return naiveInteger(1 - a.integer);
        if (e.op == Operator::Cast)
            return cast(e, a);
        if (!e.type.isFloat())
            return integers(e, a.integer, b.integer);
        const double x = number(type, a);
        const double y = e.arguments.size() > 1 ? number(e.arguments[1]->type, b) : 0;
        NaiveValue result;
        result.null = false;
        switch (e.op) {
            case Operator::Add:
                result.real = x + y;
                break;
            case Operator::Subtract:
                result.real = x - y;
                break;
            case Operator::Multiply:
                result.real = x * y;
                break;
            case Operator::Divide:
                if (y == 0 && !std::isnan(x))
                    fail(base::ErrorKind::DivisionByZero);
                result.real = x / y;
                break;
            case Operator::Negate:
                result.real = -x;
                break;
            default:
                result.real = std::fabs(x);
        }
        if (e.type.kind == vector::Kind::Float32)
            result.real = static_cast<double>(static_cast<float>(result.real));
        if (std::isinf(result.real) && !std::isinf(x) &&
            (e.op == Operator::Divide || !std::isinf(y))) {
            fail(base::ErrorKind::OutOfRange);
        }
        return result;
    }

    static NaiveValue integers(const scan::Expression& e, int64_t a, int64_t b) {
        using scan::Operator;
        const __int128 x = a;
        switch (e.op) {
            case Operator::Add:
                return inRange(e.type, x + b);
            case Operator::Subtract:
                return inRange(e.type, x - b);
            case Operator::Multiply:
                return inRange(e.type, x * b);
            case Operator::Negate:
                return inRange(e.type, -x);
            case Operator::Absolute:
                return inRange(e.type, x < 0 ? -x : x);
            default:
                break;
        }
        if (b == 0)
            fail(base::ErrorKind::DivisionByZero);
        return inRange(e.type, e.op == Operator::Divide ? x / b : x % b);
    }

    static NaiveValue cast(const scan::Expression& e, const NaiveValue& a) {
        const vector::ColumnType from = e.arguments[0]->type;
        NaiveValue result;
        result.null = false;
        if (e.type.kind == vector::Kind::Bool)
            return naiveInteger(a.integer != 0 ? 1 : 0);
        if (e.type.isInteger() && from.isInteger())
            return inRange(e.type, a.integer);
        if (e.type.isInteger()) {
            const double rounded = std::rint(a.real);
            // The ends of int8 as doubles: the upper one is no int8, the lower one is.
            if (!(rounded >= -0x1p63 && rounded < 0x1p63))
                fail(base::ErrorKind::OutOfRange);
            return inRange(e.type, static_cast<int64_t>(rounded));
        }
        result.real = number(from, a);
        if (e.type.kind == vector::Kind::Float32) {
            const auto narrow = static_cast<float>(result.real);
            if (std::isinf(narrow) && !std::isinf(result.real))
                fail(base::ErrorKind::OutOfRange);
            result.real = static_cast<double>(narrow);
        }
        return result;
    }

    Functions& functions_;
};

}  // namespace footfall::samples
