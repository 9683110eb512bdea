#include "engine/scan/expression.h"

#include <algorithm>
#include <new>
#include <utility>

#include "engine/scan/like_pattern.h"

namespace footfall::scan {

using vector::ColumnType;
using vector::Kind;

struct ExpressionBuilder::Kept {
    vector::Column column;
    Kept* next;
};

namespace {

bool isNumber(ColumnType type) {
    return (type.isInteger() && type.kind != Kind::Bool) || type.isFloat();
}

bool comparable(ColumnType a, ColumnType b) {
    if (a.isInteger() || a.isFloat())
        return a.isInteger() == b.isInteger() && a.isFloat() == b.isFloat();
    return a.kind == b.kind && a.width == b.width;
}

void require(bool condition) {
    if (!condition)
        base::throwBadArgument("an expression's arguments do not go with its operator");
}

bool isComparison(Operator op) {
    return op >= Operator::Equal && op <= Operator::NotDistinctFrom;
}

bool isArithmetic(Operator op) {
    return op >= Operator::Add && op <= Operator::Absolute;
}

// The operator that is true where `op` is false and NULL where it is NULL; Not itself when there is
// none.
Operator negated(Operator op) {
    switch (op) {
        case Operator::Equal:
            return Operator::NotEqual;
        case Operator::NotEqual:
            return Operator::Equal;
        case Operator::Less:
            return Operator::GreaterEqual;
        case Operator::LessEqual:
            return Operator::Greater;
        case Operator::Greater:
            return Operator::LessEqual;
        case Operator::GreaterEqual:
            return Operator::Less;
        case Operator::DistinctFrom:
            return Operator::NotDistinctFrom;
        case Operator::NotDistinctFrom:
            return Operator::DistinctFrom;
        case Operator::IsNull:
            return Operator::IsNotNull;
        case Operator::IsNotNull:
            return Operator::IsNull;
        case Operator::IsTrue:
            return Operator::IsNotTrue;
        case Operator::IsNotTrue:
            return Operator::IsTrue;
        case Operator::IsFalse:
            return Operator::IsNotFalse;
        case Operator::IsNotFalse:
            return Operator::IsFalse;
        case Operator::IsUnknown:
            return Operator::IsNotUnknown;
        case Operator::IsNotUnknown:
            return Operator::IsUnknown;
        case Operator::EqualAny:
            return Operator::NotEqualAll;
        case Operator::NotEqualAll:
            return Operator::EqualAny;
        case Operator::Like:
            return Operator::NotLike;
        case Operator::NotLike:
            return Operator::Like;
        default:
            return Operator::Not;
    }
}

void checkCall(Operator op, ColumnType type, std::span<const Expression* const> arguments) {
    const auto allBool = [&](size_t from, size_t step, size_t to) {
        for (size_t i = from; i < to; i += step)
            require(arguments[i]->type.kind == Kind::Bool);
    };
    const size_t count = arguments.size();
    if (isComparison(op)) {
        require(type.kind == Kind::Bool && count == 2 &&
                comparable(arguments[0]->type, arguments[1]->type));
        return;
    }
    if (isArithmetic(op)) {
        const bool unary = op == Operator::Negate || op == Operator::Absolute;
        require(isNumber(type) && type.kind != Kind::Int8 && count == (unary ? 1 : 2));
        require(op != Operator::Modulo || type.isInteger());
        for (const Expression* argument : arguments) {
            const ColumnType given = argument->type;
            require(isNumber(given) && given.width <= (type.isFloat() ? 8 : type.width) &&
                    (type.isFloat() || given.isInteger()) &&
                    !(type.kind == Kind::Float32 && given.kind == Kind::Float64));
        }
        return;
    }
    switch (op) {
        case Operator::IsNull:
        case Operator::IsNotNull:
            require(type.kind == Kind::Bool && count == 1);
            break;
        case Operator::IsTrue:
        case Operator::IsNotTrue:
        case Operator::IsFalse:
        case Operator::IsNotFalse:
        case Operator::IsUnknown:
        case Operator::IsNotUnknown:
        case Operator::Not:
            require(type.kind == Kind::Bool && count == 1);
            allBool(0, 1, count);
            break;
        case Operator::And:
        case Operator::Or:
            require(type.kind == Kind::Bool && count >= 1);
            allBool(0, 1, count);
            break;
        case Operator::Case:
            require(count % 2 == 1);
            allBool(0, 2, count - 1);
            for (size_t i = 1; i < count; i += 2)
                require(arguments[i]->type == type);
            require(arguments[count - 1]->type == type);
            break;
        case Operator::Coalesce:
            require(count >= 1);
            for (const Expression* argument : arguments)
                require(argument->type == type);
            break;
        case Operator::Cast:
            require(count == 1 && (type.isInteger() || type.isFloat()) &&
                    (arguments[0]->type.isInteger() || arguments[0]->type.isFloat()));
            require(type.kind != Kind::Bool || !arguments[0]->type.isFloat());
            require(arguments[0]->type.kind != Kind::Bool || !type.isFloat());
            break;
        default:
            require(false);
    }
}

}  // namespace

ExpressionBuilder::ExpressionBuilder(std::pmr::memory_resource* resource) : arena_(resource) {}

ExpressionBuilder::~ExpressionBuilder() {
    for (Kept* at = kept_; at != nullptr; at = at->next)
        at->column.~Column();
}

const vector::Column* ExpressionBuilder::keep(vector::Column column) {
    void* at = arena_.allocate(sizeof(Kept), alignof(Kept));
    kept_ = new (at) Kept{std::move(column), kept_};
    return &kept_->column;
}

Expression* ExpressionBuilder::make(Operator op, ColumnType type,
                                    std::span<const Expression* const> arguments) {
    require(type.valid());
    auto* copies = static_cast<const Expression**>(
        arena_.allocate(arguments.size_bytes(), alignof(const Expression*)));
    std::copy(arguments.begin(), arguments.end(), copies);
    auto* result = new (arena_.allocate(sizeof(Expression), alignof(Expression))) Expression{};
    result->op = op;
    result->type = type;
    result->node = nodes_++;
    result->arguments = {copies, arguments.size()};
    result->mayFail =
        isArithmetic(op) || op == Operator::Cast || op == Operator::Foreign || op == Operator::Step;
    for (const Expression* argument : arguments)
        result->mayFail |= argument->mayFail;
    return result;
}

const Expression* ExpressionBuilder::column(uint32_t index, ColumnType type) {
    Expression* result = make(Operator::Column, type, {});
    result->index = index;
    return result;
}

const Expression* ExpressionBuilder::constant(vector::Column value) {
    require(value.size() == 1);
    Expression* result = make(Operator::Constant, value.type(), {});
    result->constants = keep(std::move(value));
    return result;
}

const Expression* ExpressionBuilder::nullConstant(ColumnType type) {
    vector::Column value(type, &arena_);
    value.appendNull();
    return constant(std::move(value));
}

const Expression* ExpressionBuilder::call(Operator op, ColumnType type,
                                          std::span<const Expression* const> arguments) {
    checkCall(op, type, arguments);
    if (op == Operator::Not && negated(arguments[0]->op) != Operator::Not) {
        const Expression& inner = *arguments[0];
        Expression* result = make(negated(inner.op), type, inner.arguments);
        result->index = inner.index;
        result->constants = inner.constants;
        return result;
    }
    return make(op, type, arguments);
}

const Expression* ExpressionBuilder::any(Operator op, const Expression* argument,
                                         vector::Column constants) {
    require((op == Operator::EqualAny || op == Operator::NotEqualAll) &&
            comparable(argument->type, constants.type()));
    Expression* result = make(op, ColumnType::of(Kind::Bool), {&argument, 1});
    result->constants = keep(std::move(constants));
    return result;
}

const Expression* ExpressionBuilder::like(Operator op, const Expression* argument,
                                          std::string_view pattern, bool multibyte) {
    require((op == Operator::Like || op == Operator::NotLike) && argument->type.isBytes());
    if (!LikePattern::parse(pattern, multibyte, &arena_).has_value())
        return nullptr;
    vector::Column constant(ColumnType::bytes(), &arena_);
    constant.appendBytes(pattern);
    Expression* result = make(op, ColumnType::of(Kind::Bool), {&argument, 1});
    result->constants = keep(std::move(constant));
    result->index = multibyte ? 1 : 0;
    return result;
}

const Expression* ExpressionBuilder::foreign(uint32_t function, ColumnType type,
                                             std::span<const Expression* const> arguments,
                                             bool remembered) {
    Expression* result = make(Operator::Foreign, type, arguments);
    result->index = function;
    result->remembered = remembered;
    return result;
}

const Expression* ExpressionBuilder::step(uint32_t function, ColumnType type,
                                          const Expression* argument, int64_t bucketWidth,
                                          std::span<const int64_t> mixedBuckets) {
    require(argument->type.kind == Kind::Int64 && bucketWidth > 0 &&
            bucketWidth <= int64_t{1} << 40);
    Expression* result = make(Operator::Step, type, {&argument, 1});
    result->index = function;
    result->bucketWidth = bucketWidth;
    if (!mixedBuckets.empty()) {
        auto* kept =
            static_cast<int64_t*>(arena_.allocate(mixedBuckets.size_bytes(), alignof(int64_t)));
        std::ranges::copy(mixedBuckets, kept);
        result->mixedBuckets = {kept, mixedBuckets.size()};
    }
    return result;
}

}  // namespace footfall::scan
