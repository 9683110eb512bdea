// Filters before values are decoded: what a zone map says of the comparison of an integer column
// with a constant, and of IS NOT NULL.
//
// It often answers for all rows of a segment, as for the weeks inside a month; then the column is
// not decoded for it. Integer comparisons do not fail, and the order of filters is free, so they
// are asked first.
#include <algorithm>
#include <utility>

#include "engine/scan/evaluator.h"
#include "engine/scan/value_order.h"

namespace footfall::scan {

namespace {

enum class Answer : uint8_t { None, Some, All };

Answer answerOf(Operator op, int64_t least, int64_t greatest, int64_t constant) noexcept {
    const auto decide = [](bool all, bool none) {
        return all ? Answer::All : (none ? Answer::None : Answer::Some);
    };
    switch (op) {
        case Operator::Equal:
            return decide(least == constant && greatest == constant,
                          constant < least || constant > greatest);
        case Operator::Less:
            return decide(greatest < constant, least >= constant);
        case Operator::LessEqual:
            return decide(greatest <= constant, least > constant);
        case Operator::Greater:
            return decide(least > constant, greatest <= constant);
        case Operator::GreaterEqual:
            return decide(least >= constant, greatest < constant);
        default:
            return Answer::Some;
    }
}

// A comparison of a column of integers with one that is not NULL.
struct IntegerComparison {
    Operator op;
    uint32_t column;
    int64_t constant;
};

bool isIntegerComparison(const Expression& expression, IntegerComparison& out) noexcept {
    switch (expression.op) {
        case Operator::Equal:
        case Operator::Less:
        case Operator::LessEqual:
        case Operator::Greater:
        case Operator::GreaterEqual:
            break;
        default:
            return false;
    }
    const Expression* left = expression.arguments[0];
    const Expression* right = expression.arguments[1];
    out.op = expression.op;
    if (left->op == Operator::Constant) {
        std::swap(left, right);
        out.op = mirrored(out.op);
    }
    if (left->op != Operator::Column || right->op != Operator::Constant ||
        !left->type.isInteger() || !right->type.isInteger() || right->constants->isNull(0)) {
        return false;
    }
    out.column = left->index;
    out.constant = right->constants->integerAt(0);
    return true;
}

}  // namespace

bool Evaluator::narrowByZone(const Expression& expression, Batch& batch, Selection& selection) {
    if (expression.op == Operator::IsNotNull) {
        const Expression& argument = *expression.arguments[0];
        int64_t least;
        int64_t greatest;
        return argument.op == Operator::Column && batch.zone(argument.index, least, greatest);
    }
    IntegerComparison comparison;
    if (!isIntegerComparison(expression, comparison))
        return false;
    int64_t least;
    int64_t greatest;
    if (!batch.zone(comparison.column, least, greatest))
        return false;
    switch (answerOf(comparison.op, least, greatest, comparison.constant)) {
        case Answer::All:
            return true;
        case Answer::None:
            counters_.rowsRemoved += selection.count();
            counters_.rowsRemovedEncoded += selection.count();
            selection.clear();
            return true;
        case Answer::Some:
            break;
    }
    return false;
}

void Evaluator::filterAll(std::span<const Expression* const> filters, Batch& batch,
                          Selection& selection) {
    constexpr size_t kMost = 64;
    uint64_t decided = 0;
    for (size_t i = 0; i < std::min(filters.size(), kMost) && !selection.empty(); ++i) {
        if (narrowByZone(*filters[i], batch, selection))
            decided |= uint64_t{1} << i;
    }
    for (size_t i = 0; i < filters.size() && !selection.empty(); ++i) {
        if (i >= kMost || (decided >> i & 1) == 0)
            filter(*filters[i], batch, selection);
    }
}

}  // namespace footfall::scan
