// Functions that someone else evaluates, and what is remembered of their answers.
#include <algorithm>
#include <cstring>
#include <numeric>

#include "engine/encoding/column_codec.h"
#include "engine/scan/node.h"
#include "engine/scan/operands.h"

namespace footfall::scan {

using vector::Block;

void Evaluator::ask(Node& node, std::span<const uint16_t> rows) {
    if (foreign_ == nullptr)
        base::throwInternal("nobody evaluates foreign functions here");
    node.output.reset(node.expression.type);
    foreign_->evaluate(node.expression.index, node.arguments, rows, node.output);
    if (node.output.size() != rows.size())
        base::throwInternal("a foreign function gave %u values for %zu rows", node.output.size(),
                            rows.size());
}

namespace {

// Puts the answers for `selection` at the rows' positions.
const Block& scatter(Evaluator::Node& node, const Selection& selection, uint32_t rows) {
    if (selection.all() && selection.count() == rows) {
        std::swap(node.block.values, node.output);
        node.block.shape = Block::Shape::Flat;
        node.block.rows = rows;
        return node.block;
    }
    const vector::ColumnType type = node.expression.type;
    uint32_t answer = 0;
    if (type.isBytes()) {
        vector::Column& values = node.block.values;
        node.block.shape = Block::Shape::Flat;
        node.block.rows = rows;
        values.reset(type);
        for (uint32_t row = 0; row < rows; ++row) {
            if (answer < selection.count() && selection[answer] == row)
                values.appendFrom(node.output, answer++);
            else
                values.appendNull();
        }
        return node.block;
    }
    std::byte* out = node.flat(rows);
    node.nulls.fill(0);
    forSelected(selection, [&](uint32_t row) {
        if (node.output.isNull(answer))
            setBit(node.nulls.data(), row);
        else
            std::memcpy(out + size_t{row} * type.width, node.output.fixedAt(answer), type.width);
        ++answer;
    });
    if (node.output.nullCount() != 0)
        node.block.values.setNulls(node.nulls.data());
    return node.block;
}

}  // namespace

const Block& Evaluator::foreign(const Expression& expression, Batch& batch,
                                const Selection& selection) {
    Node& own = node(expression);
    if (own.prepared) {
        own.block.rows = batch.rows();
        return own.block;
    }
    own.arguments.clear();
    size_t constants = 0;  // expressions that are constants for good
    size_t constantBlocks = 0;
    size_t varying = 0;
    for (size_t i = 0; i < expression.arguments.size(); ++i) {
        own.arguments.push_back(&evaluate(*expression.arguments[i], batch, selection));
        constantBlocks += own.arguments[i]->shape == Block::Shape::Constant ? 1 : 0;
        if (expression.arguments[i]->op == Operator::Constant)
            ++constants;
        else
            varying = i;
    }
    const size_t count = expression.arguments.size();
    if (expression.remembered && constantBlocks == count) {
        const uint16_t row = 0;
        ask(own, {&row, 1});
        own.constant(batch.rows()).appendFrom(own.output, 0);
        own.prepared = constants == count;
        return own.block;
    }
    if (expression.remembered && constants + 1 == count &&
        own.arguments[varying]->shape == Block::Shape::Dictionary) {
        return foreignOfDictionary(own, varying, selection);
    }
    ask(own, {selection.rows(), selection.count()});
    return scatter(own, selection, batch.rows());
}

// Answers by code + 1, so that NULL's code is entry 0: a function may make something of NULL.
const Block& Evaluator::foreignOfDictionary(Node& node, size_t varying,
                                            const Selection& selection) {
    const Block& argument = *node.arguments[varying];
    FunctionMemo& memo = node.memo;
    if (memo.source != argument.dictionaryId) {
        memo.source = argument.dictionaryId;
        memo.id = encoding::nextDictionaryId();
        memo.entries.clear();
        memo.codes.clear();
    }
    if (memo.codes.size() < size_t{argument.dictionary->size()} + 1)
        memo.codes.resize(size_t{argument.dictionary->size()} + 1, FunctionMemo::kNotAsked);
    const uint32_t* codes = argument.codes.data();
    node.request.codes.clear();
    forSelected(selection, [&](uint32_t row) {
        uint32_t& answer = memo.codes[codes[row] + 1];
        if (answer == FunctionMemo::kNotAsked) {
            answer = FunctionMemo::kMixed;
            node.request.codes.push_back(codes[row]);
        }
    });
    if (!node.request.codes.empty()) {
        const auto count = static_cast<uint32_t>(node.request.codes.size());
        node.request.shape = Block::Shape::Dictionary;
        node.request.rows = count;
        node.request.dictionary = argument.dictionary;
        node.request.dictionaryId = argument.dictionaryId;
        node.asked.resize(count);
        std::iota(node.asked.begin(), node.asked.end(), uint16_t{0});
        node.arguments[varying] = &node.request;
        try {
            ask(node, node.asked);
        } catch (...) {
            memo.source = 0;
            throw;
        }
        for (uint32_t i = 0; i < count; ++i) {
            uint32_t code = vector::kNullCode;
            if (!node.output.isNull(i)) {
                code = memo.entries.size();
                memo.entries.appendFrom(node.output, i);
            }
            memo.codes[node.request.codes[i] + 1] = code;
        }
    }
    Block& block = node.block;
    block.shape = Block::Shape::Dictionary;
    block.rows = argument.rows;
    block.dictionary = &memo.entries;
    block.dictionaryId = memo.id;
    block.codes.resize(block.rows);
    for (uint32_t row = 0; row < block.rows; ++row) {
        const uint32_t code = memo.codes[codes[row] + 1];
        block.codes[row] = code >= FunctionMemo::kMixed ? vector::kNullCode : code;
    }
    return block;
}

}  // namespace footfall::scan
