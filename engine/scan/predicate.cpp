// Predicates over values: comparisons, IS NULL, = ANY, LIKE.
//
// A predicate of one operand and constants is asked once per dictionary entry; small dictionaries
// are asked as a whole, of large ones only the entries that selected rows use. Predicates never
// fail, so asking more than is needed does no harm.
#include <algorithm>
#include <numeric>

#include "engine/scan/comparison.h"
#include "engine/scan/node.h"
#include "engine/scan/operands.h"
#include "engine/scan/value_order.h"

namespace footfall::scan {

using vector::Block;
using vector::Column;

bool isPredicate(Operator op) noexcept {
    switch (op) {
        case Operator::Equal:
        case Operator::NotEqual:
        case Operator::Less:
        case Operator::LessEqual:
        case Operator::Greater:
        case Operator::GreaterEqual:
        case Operator::DistinctFrom:
        case Operator::NotDistinctFrom:
        case Operator::IsNull:
        case Operator::IsNotNull:
        case Operator::EqualAny:
        case Operator::NotEqualAll:
        case Operator::Like:
        case Operator::NotLike:
            return true;
        default:
            return false;
    }
}

namespace {

constexpr uint32_t kAskAll = 4096;

Verdict verdict(bool holds) noexcept {
    return holds ? kTrue : kFalse;
}

bool isDistinct(Operator op) noexcept {
    return op == Operator::DistinctFrom || op == Operator::NotDistinctFrom;
}

// A predicate of one varying operand; `constants` is what it is held against, if anything.
struct Question {
    Operator op;
    const Column* constants;
    Evaluator::Node& node;

    void prepare() {
        if (node.prepared)
            return;
        node.prepared = true;
        if (op == Operator::Like || op == Operator::NotLike) {
            node.like = LikePattern::parse(constants->bytesAt(0), node.expression.index != 0,
                                           node.resource);
        } else if (op == Operator::EqualAny || op == Operator::NotEqualAll) {
            for (uint32_t i = 0; i < constants->size(); ++i) {
                if (!constants->isNull(i))
                    node.sorted.push_back(i);
            }
            node.hasNull = constants->nullCount() != 0;
            std::sort(node.sorted.begin(), node.sorted.end(), [&](uint32_t a, uint32_t b) {
                return compareValues(*constants, a, *constants, b) < 0;
            });
        }
    }

    Verdict ofNull() const noexcept {
        switch (op) {
            case Operator::IsNull:
                return kTrue;
            case Operator::IsNotNull:
                return kFalse;
            case Operator::DistinctFrom:
                return verdict(!constants->isNull(0));
            case Operator::NotDistinctFrom:
                return verdict(constants->isNull(0));
            case Operator::EqualAny:
            case Operator::NotEqualAll:
                if (constants->size() == 0)
                    return verdict(op == Operator::NotEqualAll);
                return kUnknown;
            default:
                return kUnknown;
        }
    }

    Verdict ofValue(const Column& column, uint32_t row) const noexcept {
        switch (op) {
            case Operator::IsNull:
                return kFalse;
            case Operator::IsNotNull:
                return kTrue;
            case Operator::Like:
                return verdict(node.like->matches(column.bytesAt(row)));
            case Operator::NotLike:
                return verdict(!node.like->matches(column.bytesAt(row)));
            case Operator::EqualAny:
            case Operator::NotEqualAll:
                if (isAmong(column, row))
                    return verdict(op == Operator::EqualAny);
                return node.hasNull ? kUnknown : verdict(op == Operator::NotEqualAll);
            default:
                break;
        }
        if (constants->isNull(0))
            return isDistinct(op) ? verdict(op == Operator::DistinctFrom) : kUnknown;
        return verdict(holds(op, compareValues(column, row, *constants, 0)));
    }

  private:
    bool isAmong(const Column& column, uint32_t row) const noexcept {
        const auto at = std::lower_bound(
            node.sorted.begin(), node.sorted.end(), row, [&](uint32_t constant, uint32_t value) {
                return compareValues(*constants, constant, column, value) < 0;
            });
        return at != node.sorted.end() && compareValues(*constants, *at, column, row) == 0;
    }
};

// Verdicts by code + 1, so that NULL's code is entry 0.
void askEntries(const Question& question, const Block& block, const Selection& selection) {
    Evaluator::Node& node = question.node;
    const uint32_t entries = block.dictionary->size();
    if (node.verdictsOf != block.dictionaryId || node.verdicts.empty()) {
        node.verdictsOf = block.dictionaryId;
        node.verdicts.assign(1, question.ofNull());
        node.allAsked = false;
    }
    const auto had = static_cast<uint32_t>(node.verdicts.size() - 1);
    if (had < entries) {
        node.verdicts.resize(entries + 1, kUnasked);
        node.allAsked = false;
    }
    if (node.allAsked)
        return;
    uint8_t* verdicts = node.verdicts.data();
    const auto ask = [&](uint32_t entry) {
        if (verdicts[entry + 1] == kUnasked)
            verdicts[entry + 1] = question.ofValue(*block.dictionary, entry);
    };
    if (entries > kAskAll) {
        const uint32_t* codes = block.codes.data();
        forSelected(selection, [&](uint32_t row) {
            if (codes[row] != vector::kNullCode)
                ask(codes[row]);
        });
        return;
    }
    node.agreeing = 0;
    for (uint32_t entry = 0; entry < entries; ++entry) {
        ask(entry);
        if (verdicts[entry + 1] == kTrue) {
            ++node.agreeing;
            node.agreed = entry;
        }
    }
    node.allAsked = true;
}

Outcome judgeDictionary(const Question& question, const Block& block, const Selection& selection) {
    askEntries(question, block, selection);
    Evaluator::Node& node = question.node;
    const uint32_t* __restrict codes = block.codes.data();
    const uint8_t* __restrict verdicts = node.verdicts.data();
    Outcome outcome;
    outcome.encoded = true;
    if (node.allAsked && node.agreeing == 0 && verdicts[0] == kFalse && !node.hasNull) {
        outcome.all = kFalse;
        return outcome;
    }
    outcome.mask = node.mask(block.rows);
    uint8_t* __restrict mask = outcome.mask;
    if (node.allAsked && node.agreeing == 1 && verdicts[0] != kTrue) {
        const uint32_t agreed = node.agreed;
        forRows(selection, block.rows,
                [&](uint32_t row) { mask[row] = static_cast<uint8_t>(codes[row] == agreed); });
    } else {
        forRows(selection, block.rows,
                [&](uint32_t row) { mask[row] = verdicts[codes[row] + 1] & 1; });
    }
    if (node.hasNull) {
        node.nulls.fill(0);
        forSelected(selection, [&](uint32_t row) {
            if (verdicts[codes[row] + 1] == kUnknown)
                setBit(node.nulls.data(), row);
        });
        outcome.nulls = node.nulls.data();
    } else if (verdicts[0] == kUnknown) {
        node.nulls.fill(0);
        if (addNulls(block, block.rows, node.nulls.data()))
            outcome.nulls = node.nulls.data();
    }
    return outcome;
}

// Row by row: operators without a kernel, bytes, two operands.
template <class Ask>
Outcome judgeRows(Evaluator::Node& node, uint32_t rows, const Selection& selection, Ask&& ask) {
    Outcome outcome;
    outcome.mask = node.mask(rows);
    node.nulls.fill(0);
    bool unknown = false;
    forSelected(selection, [&](uint32_t row) {
        const Verdict answer = ask(row);
        outcome.mask[row] = static_cast<uint8_t>(answer == kTrue);
        if (answer == kUnknown) {
            setBit(node.nulls.data(), row);
            unknown = true;
        }
    });
    if (unknown)
        outcome.nulls = node.nulls.data();
    return outcome;
}

bool isNumeric(const Block& block) noexcept {
    const vector::ColumnType type = block.holder().type();
    return type.isInteger() || type.isFloat();
}

// Comparison of two blocks of which one is not constant; not the distinct operators.
Outcome judgeNumbers(Evaluator::Node& node, Operator op, const Block& a, const Block& b,
                     uint32_t rows, const Selection& selection) {
    Outcome outcome;
    outcome.mask = node.mask(rows);
    compareNumbers(op, a, b, selection, rows, node.left, node.right, outcome.mask);
    node.nulls.fill(0);
    const bool left = addNulls(a, rows, node.nulls.data());
    const bool right = addNulls(b, rows, node.nulls.data());
    if (left || right)
        outcome.nulls = node.nulls.data();
    return outcome;
}

Outcome same(Verdict answer) noexcept {
    Outcome outcome;
    outcome.all = answer;
    outcome.encoded = true;
    return outcome;
}

Outcome judgeOne(const Question& question, const Block& block, const Selection& selection) {
    switch (block.shape) {
        case Block::Shape::Constant:
            return same(block.values.isNull(0) ? question.ofNull()
                                               : question.ofValue(block.values, 0));
        case Block::Shape::Dictionary:
            return judgeDictionary(question, block, selection);
        case Block::Shape::Flat:
            break;
    }
    if (block.values.nullCount() == 0 &&
        (question.op == Operator::IsNull || question.op == Operator::IsNotNull)) {
        return same(verdict(question.op == Operator::IsNotNull));
    }
    return judgeRows(question.node, block.rows, selection, [&](uint32_t row) {
        return block.values.isNull(row) ? question.ofNull() : question.ofValue(block.values, row);
    });
}

}  // namespace

Outcome Evaluator::judgePredicate(const Expression& expression, Batch& batch,
                                  const Selection& selection) {
    const Block& a = evaluate(*expression.arguments[0], batch, selection);
    const Block* b = expression.arguments.size() == 1
                         ? nullptr
                         : &evaluate(*expression.arguments[1], batch, selection);
    return judgeBlocks(expression, a, b, batch.rows(), selection);
}

// The column that the expression is a predicate of, if it is one of that column and constants.
static const Expression* onlyColumn(const Expression& expression) noexcept {
    if (!isPredicate(expression.op))
        return nullptr;
    const Expression* column = nullptr;
    for (const Expression* argument : expression.arguments) {
        if (argument->op == Operator::Constant)
            continue;
        if (argument->op != Operator::Column || column != nullptr)
            return nullptr;
        column = argument;
    }
    return column;
}

// A predicate of a column stored as runs is asked once a run.
bool Evaluator::narrowRuns(const Expression& expression, Batch& batch, Selection& selection) {
    const Expression* column = onlyColumn(expression);
    if (column == nullptr)
        return false;
    const vector::Runs* runs = batch.runs(column->index);
    if (runs == nullptr)
        return false;
    const auto count = static_cast<uint32_t>(runs->ends.size());
    Selection each;
    each.selectAll(count);
    const auto valueOf = [&](size_t argument) {
        const Expression& operand = *expression.arguments[argument];
        return &operand == column ? &runs->values : &evaluate(operand, batch, selection);
    };
    const Outcome outcome =
        judgeBlocks(expression, *valueOf(0),
                    expression.arguments.size() == 1 ? nullptr : valueOf(1), count, each);
    const uint32_t before = selection.count();
    if (outcome.all == kUnasked) {
        if (outcome.nulls != nullptr) {
            for (uint32_t run = 0; run < count; ++run) {
                if (testBit(outcome.nulls, run))
                    outcome.mask[run] = 0;
            }
        }
        keepRuns(runs->ends, outcome.mask, selection);
    } else if (outcome.all != kTrue) {
        selection.clear();
    }
    counters_.rowsRemovedEncoded += before - selection.count();
    return true;
}

Outcome Evaluator::judgeBlocks(const Expression& expression, const Block& a, const Block* other,
                               uint32_t rows, const Selection& selection) {
    Node& own = node(expression);
    if (other == nullptr) {
        Question question{expression.op, expression.constants, own};
        question.prepare();
        return judgeOne(question, a, selection);
    }
    const Block& b = *other;
    const bool distinct = isDistinct(expression.op);
    for (const bool second : {true, false}) {
        const Block& varying = second ? a : b;
        const Expression& held = *expression.arguments[second ? 1 : 0];
        if (held.op != Operator::Constant)
            continue;
        if (!distinct && held.constants->isNull(0))
            return same(kUnknown);
        if (varying.shape == Block::Shape::Flat && isNumeric(varying) && !distinct)
            break;
        const Question question{second ? expression.op : mirrored(expression.op), held.constants,
                                own};
        return judgeOne(question, varying, selection);
    }
    const bool constant = a.shape == Block::Shape::Constant && b.shape == Block::Shape::Constant;
    if (!constant && !distinct && isNumeric(a))
        return judgeNumbers(own, expression.op, a, b, rows, selection);
    const auto ask = [&](uint32_t row) {
        const bool nullA = a.isNull(row);
        const bool nullB = b.isNull(row);
        if (nullA || nullB) {
            if (!distinct)
                return kUnknown;
            return verdict((nullA == nullB) == (expression.op == Operator::NotDistinctFrom));
        }
        return verdict(holds(expression.op, compareValues(a.holder(), a.holderRow(row), b.holder(),
                                                          b.holderRow(row))));
    };
    return constant ? same(ask(0)) : judgeRows(own, rows, selection, ask);
}

}  // namespace footfall::scan
