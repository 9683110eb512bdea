// See condition_codes.h.
#include "engine/behavior/condition_codes.h"

#include "engine/scan/operands.h"

namespace footfall::behavior {

using scan::Expression;
using scan::Selection;
using vector::Block;

namespace {

// Whether the expression has no other column than `column`, which it sets where that is null.
bool isOf(const Expression& expression, const Expression*& column) {
    if (expression.op == scan::Operator::Column) {
        if (column == nullptr)
            column = &expression;
        return column->index == expression.index;
    }
    for (const Expression* argument : expression.arguments) {
        if (!isOf(*argument, column))
            return false;
    }
    return true;
}

}  // namespace

ConditionCodes::ConditionCodes(std::span<const Expression* const> conditions,
                               scan::Evaluator& evaluator, std::pmr::memory_resource* resource)
    : conditions_(conditions), evaluator_(evaluator), entries_(resource), met_(resource) {
    const Expression* column = nullptr;
    for (const Expression* condition : conditions_) {
        if (condition->mayFail || !isOf(*condition, column))
            return;
    }
    column_ = column;
}

void ConditionCodes::Entries::show(const vector::Column& dictionary) {
    block_.shape = Block::Shape::Flat;
    block_.values.reset(dictionary.type());
    block_.values.appendNull();
    for (uint32_t entry = 0; entry < dictionary.size(); ++entry)
        block_.values.appendFrom(dictionary, entry);
    block_.rows = rows_ = block_.values.size();
}

void ConditionCodes::ask(const Block& block) {
    entries_.show(*block.dictionary);
    met_.assign(entries_.rows(), 0);
    Selection all;
    for (uint32_t i = 0; i < conditions_.size(); ++i) {
        all.selectAll(entries_.rows());
        const Block& truth = evaluator_.evaluate(*conditions_[i], entries_, all);
        for (uint32_t entry = 0; entry < met_.size(); ++entry) {
            if (!truth.isNull(entry) && truth.holder().integerAt(truth.holderRow(entry)) != 0)
                met_[entry] |= uint32_t{1} << i;
        }
    }
    dictionary_ = block.dictionaryId;
}

bool ConditionCodes::read(scan::Batch& batch, const Selection& selection,
                          uint32_t* __restrict met) {
    if (column_ == nullptr)
        return false;
    const Block& block = evaluator_.evaluate(*column_, batch, selection);
    if (block.shape != Block::Shape::Dictionary || block.dictionary->size() > kMostEntries)
        return false;
    // A dictionary may have grown since it was seen last.
    if (dictionary_ != block.dictionaryId || met_.size() != block.dictionary->size() + 1)
        ask(block);
    const uint32_t* __restrict codes = block.codes.data();
    const uint32_t* __restrict table = met_.data();
    scan::forRows(selection, block.rows, [&](uint32_t row) { met[row] = table[codes[row] + 1]; });
    return true;
}

}  // namespace footfall::behavior
