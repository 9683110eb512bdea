// Dispatch, logic and choices; the operators on values have files of their own.
#include "engine/scan/evaluator.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "engine/encoding/column_codec.h"
#include "engine/scan/node.h"
#include "engine/scan/operands.h"

namespace footfall::scan {

using vector::Block;

std::byte* Evaluator::Node::flat(uint32_t rows) {
    block.shape = Block::Shape::Flat;
    block.rows = rows;
    block.values.reset(expression.type);
    block.values.reserve(kBatchRows);
    return block.values.extendFixed(rows);
}

vector::Column& Evaluator::Node::constant(uint32_t rows) {
    block.shape = Block::Shape::Constant;
    block.rows = rows;
    block.values.reset(expression.type);
    return block.values;
}

const Block& Evaluator::Node::null(uint32_t rows) {
    constant(rows).appendNull();
    return block;
}

Evaluator::Evaluator(const ExpressionBuilder& builder, ForeignFunctions* foreign,
                     std::pmr::memory_resource* resource)
    : foreign_(foreign), resource_(resource), arena_(resource) {
    const size_t count = builder.nodes();
    auto* nodes = static_cast<Node**>(arena_.allocate(count * sizeof(void*), alignof(void*)));
    std::fill_n(nodes, count, nullptr);
    nodes_ = {nodes, count};
    one_.selectAll(1);
}

Evaluator::~Evaluator() {
    for (Node* node : nodes_) {
        if (node != nullptr)
            node->~Node();
    }
}

Evaluator::Node& Evaluator::node(const Expression& expression) {
    if (expression.node >= nodes_.size())
        base::throwBadArgument("the expression was built after its evaluator");
    Node*& slot = nodes_[expression.node];
    if (slot == nullptr)
        slot = new (arena_.allocate(sizeof(Node), alignof(Node))) Node(expression, resource_);
    return *slot;
}

const Block& Evaluator::evaluate(const Expression& expression, Batch& batch,
                                 const Selection& selection) {
    if (selection.empty() && expression.op != Operator::Constant) {
        Node& own = node(expression);
        own.prepared &= expression.op != Operator::Foreign;
        return own.null(batch.rows());
    }
    switch (expression.op) {
        case Operator::Column:
            return batch.columnFor(expression.index, selection);
        case Operator::Constant: {
            Node& own = node(expression);
            if (!own.prepared) {
                own.constant(0).appendFrom(*expression.constants, 0);
                own.prepared = true;
            }
            own.block.rows = batch.rows();
            return own.block;
        }
        case Operator::Add:
        case Operator::Subtract:
        case Operator::Multiply:
        case Operator::Divide:
        case Operator::Modulo:
        case Operator::Negate:
        case Operator::Absolute:
            return arithmetic(expression, batch, selection);
        case Operator::Cast:
            return cast(expression, batch, selection);
        case Operator::Case:
            return choose(expression, batch, selection);
        case Operator::Coalesce:
            return coalesce(expression, batch, selection);
        case Operator::Foreign:
            return foreign(expression, batch, selection);
        case Operator::Step:
            return step(expression, batch, selection);
        default:
            return truth(judge(expression, batch, selection), node(expression), batch.rows());
    }
}

// ---------------------------------------------------------------- predicates as values

const Block& Evaluator::truth(const Outcome& outcome, Node& node, uint32_t rows) {
    if (outcome.all != kUnasked) {
        if (outcome.all == kUnknown)
            return node.null(rows);
        node.constant(rows).append<uint8_t>(outcome.all);
        return node.block;
    }
    // The mask is the node's own.
    if (outcome.nulls != nullptr) {
        RowBits valid{};
        std::copy_n(outcome.nulls, (rows + 63) / 64, valid.begin());
        if (rows % 64 != 0)
            valid[rows / 64] &= (uint64_t{1} << rows % 64) - 1;
        node.block.values.setNulls(valid.data());
    }
    return node.block;
}

Outcome Evaluator::judge(const Expression& expression, Batch& batch, const Selection& selection) {
    if (isPredicate(expression.op))
        return judgePredicate(expression, batch, selection);
    Node& own = node(expression);
    Outcome outcome;
    switch (expression.op) {
        case Operator::IsTrue:
        case Operator::IsNotTrue:
        case Operator::IsFalse:
        case Operator::IsNotFalse:
        case Operator::IsUnknown:
        case Operator::IsNotUnknown:
        case Operator::Not:
            return judgeTest(expression, batch, selection);
        case Operator::And:
        case Operator::Or: {
            RowBits unknown{};
            Selection passed = selection;
            narrow(expression, batch, passed, unknown.data());
            outcome.mask = own.mask(batch.rows());
            std::memset(outcome.mask, 0, batch.rows());
            own.nulls.fill(0);
            forSelected(passed, [&](uint32_t row) {
                if (testBit(unknown.data(), row))
                    setBit(own.nulls.data(), row);
                else
                    outcome.mask[row] = 1;
            });
            outcome.nulls = own.nulls.data();
            return outcome;
        }
        default:
            break;
    }
    // A column or a computed value.
    const Block& block = evaluate(expression, batch, selection);
    outcome.encoded = block.shape != Block::Shape::Flat;
    if (block.shape == Block::Shape::Constant) {
        outcome.all = kUnknown;
        if (!block.values.isNull(0))
            outcome.all = block.values.values<uint8_t>()[0] != 0 ? kTrue : kFalse;
        return outcome;
    }
    own.left.resize(kBatchRows);
    outcome.mask = reinterpret_cast<uint8_t*>(own.left.data());
    own.nulls.fill(0);
    if (addNulls(block, block.rows, own.nulls.data()))
        outcome.nulls = own.nulls.data();
    forSelected(selection, [&](uint32_t row) {
        outcome.mask[row] = static_cast<uint8_t>(
            !block.isNull(row) && block.holder().values<uint8_t>()[block.holderRow(row)] != 0);
    });
    return outcome;
}

// IS TRUE and the like, and NOT: a table from three answers to three.
Outcome Evaluator::judgeTest(const Expression& expression, Batch& batch,
                             const Selection& selection) {
    using Table = std::array<Verdict, 3>;  // by kFalse, kTrue, kUnknown
    Table table{kTrue, kFalse, kUnknown};
    switch (expression.op) {
        case Operator::IsTrue:
            table = {kFalse, kTrue, kFalse};
            break;
        case Operator::IsNotTrue:
            table = {kTrue, kFalse, kTrue};
            break;
        case Operator::IsFalse:
            table = {kTrue, kFalse, kFalse};
            break;
        case Operator::IsNotFalse:
            table = {kFalse, kTrue, kTrue};
            break;
        case Operator::IsUnknown:
            table = {kFalse, kFalse, kTrue};
            break;
        case Operator::IsNotUnknown:
            table = {kTrue, kTrue, kFalse};
            break;
        default:
            break;
    }
    const Outcome argument = judge(*expression.arguments[0], batch, selection);
    Outcome outcome;
    outcome.encoded = argument.encoded;
    if (argument.all != kUnasked) {
        outcome.all = table[argument.all];
        return outcome;
    }
    Node& own = node(expression);
    outcome.mask = own.mask(batch.rows());
    own.nulls.fill(0);
    bool unknown = false;
    forSelected(selection, [&](uint32_t row) {
        const bool null = argument.nulls != nullptr && testBit(argument.nulls, row);
        const Verdict answer = table[null ? uint8_t{kUnknown} : argument.mask[row]];
        outcome.mask[row] = static_cast<uint8_t>(answer == kTrue);
        if (answer == kUnknown) {
            setBit(own.nulls.data(), row);
            unknown = true;
        }
    });
    if (unknown)
        outcome.nulls = own.nulls.data();
    return outcome;
}

// ---------------------------------------------------------------- filters

void Evaluator::filter(const Expression& expression, Batch& batch, Selection& selection) {
    const uint32_t before = selection.count();
    narrow(expression, batch, selection, nullptr);
    counters_.rowsRemoved += before - selection.count();
}

void Evaluator::narrow(const Expression& expression, Batch& batch, Selection& selection,
                       uint64_t* unknown) {
    if (selection.empty())
        return;
    switch (expression.op) {
        case Operator::And:
            return narrowAnd(expression, batch, selection, unknown);
        case Operator::Or:
            return narrowOr(expression, batch, selection, unknown);
        default:
            if (unknown == nullptr && narrowRuns(expression, batch, selection))
                return;
            return keep(judge(expression, batch, selection), selection, unknown);
    }
}

void Evaluator::keep(const Outcome& outcome, Selection& selection, uint64_t* unknown) {
    const uint32_t before = selection.count();
    if (outcome.all == kFalse || (outcome.all == kUnknown && unknown == nullptr)) {
        selection.clear();
    } else if (outcome.all == kUnknown) {
        forSelected(selection, [&](uint32_t row) { setBit(unknown, row); });
    } else if (outcome.all == kUnasked) {
        if (outcome.nulls != nullptr) {
            forSelected(selection, [&](uint32_t row) {
                if (!testBit(outcome.nulls, row))
                    return;
                outcome.mask[row] = static_cast<uint8_t>(unknown != nullptr);
                if (unknown != nullptr)
                    setBit(unknown, row);
            });
        }
        keepMarked(outcome.mask, selection);
    }
    if (outcome.encoded)
        counters_.rowsRemovedEncoded += before - selection.count();
}

// The executor goes on after a NULL, since a later FALSE decides; so rows that are NULL so far are
// kept until the end where a later argument may raise an error.
void Evaluator::narrowAnd(const Expression& expression, Batch& batch, Selection& selection,
                          uint64_t* unknown) {
    RowBits own{};
    const auto arguments = expression.arguments;
    const bool local = unknown == nullptr &&
                       std::any_of(arguments.begin() + 1, arguments.end(),
                                   [](const Expression* argument) { return argument->mayFail; });
    uint64_t* bits = local ? own.data() : unknown;
    for (const Expression* argument : arguments)
        narrow(*argument, batch, selection, bits);
    if (local)
        keepBits(own, false, selection);
}

void Evaluator::narrowOr(const Expression& expression, Batch& batch, Selection& selection,
                         uint64_t* unknown) {
    RowBits truths{};
    RowBits unknowns{};
    Selection rest = selection;
    for (const Expression* argument : expression.arguments) {
        if (rest.empty())
            break;
        Selection passed = rest;
        RowBits undecided{};
        narrow(*argument, batch, passed, unknown == nullptr ? nullptr : undecided.data());
        if (unknown != nullptr) {
            Selection nulls = passed;
            keepBits(undecided, true, nulls);
            forSelected(nulls, [&](uint32_t row) { setBit(unknowns.data(), row); });
            keepBits(undecided, false, passed);
        }
        forSelected(passed, [&](uint32_t row) { setBit(truths.data(), row); });
        subtract(passed, rest);
    }
    RowBits kept = truths;
    if (unknown != nullptr) {
        for (size_t i = 0; i < kept.size(); ++i) {
            unknown[i] |= unknowns[i] & ~truths[i];
            kept[i] |= unknowns[i];
        }
    }
    keepBits(kept, true, selection);
}

// ---------------------------------------------------------------- choices

namespace {

// Collects a result whose rows come from several blocks.
class Assembly {
  public:
    Assembly(Evaluator::Node& node, uint32_t rows) : node_(node), rows_(rows) {
        if (node.expression.type.isBytes()) {
            node.parts.clear();
            node.partOf.assign(rows, UINT32_MAX);
        } else {
            out_ = node.flat(rows);
            node.nulls.fill(0);
        }
    }

    void assign(const Block& from, const Selection& selection) {
        const vector::Column& holder = from.holder();
        if (out_ == nullptr) {
            forSelected(selection, [&](uint32_t row) {
                node_.partOf[row] = node_.parts.size();
                if (from.isNull(row))
                    node_.parts.appendNull();
                else
                    node_.parts.appendFrom(holder, from.holderRow(row));
            });
            return;
        }
        const uint16_t width = node_.expression.type.width;
        forSelected(selection, [&](uint32_t row) {
            if (from.isNull(row)) {
                setBit(node_.nulls.data(), row);
                null_ = true;
            } else {
                std::memcpy(out_ + size_t{row} * width, holder.fixedAt(from.holderRow(row)), width);
            }
        });
    }

    const Block& finish() {
        Block& block = node_.block;
        if (out_ != nullptr) {
            if (null_)
                block.values.setNulls(node_.nulls.data());
            return block;
        }
        block.shape = Block::Shape::Flat;
        block.rows = rows_;
        block.values.reset(node_.expression.type);
        for (uint32_t row = 0; row < rows_; ++row) {
            if (node_.partOf[row] == UINT32_MAX)
                block.values.appendNull();
            else
                block.values.appendFrom(node_.parts, node_.partOf[row]);
        }
        return block;
    }

  private:
    Evaluator::Node& node_;
    uint32_t rows_;
    std::byte* out_ = nullptr;
    bool null_ = false;
};

}  // namespace

// With constants in all branches the result is a dictionary of these.
const Block& Evaluator::choose(const Expression& expression, Batch& batch,
                               const Selection& selection) {
    Node& own = node(expression);
    const auto arguments = expression.arguments;
    const size_t branches = arguments.size() / 2 + 1;
    const auto valueOf = [&](size_t branch) -> const Expression& {
        return *arguments[branch == branches - 1 ? arguments.size() - 1 : branch * 2 + 1];
    };
    if (!own.prepared) {
        own.prepared = true;
        bool constant = true;
        for (size_t branch = 0; branch < branches; ++branch)
            constant &= valueOf(branch).op == Operator::Constant;
        if (constant) {
            own.memo.id = encoding::nextDictionaryId();
            for (size_t branch = 0; branch < branches; ++branch) {
                const vector::Column& value = *valueOf(branch).constants;
                own.memo.codes.push_back(value.isNull(0) ? vector::kNullCode
                                                         : own.memo.entries.size());
                if (!value.isNull(0))
                    own.memo.entries.appendFrom(value, 0);
            }
        }
    }
    const auto eachBranch = [&](auto&& take) {
        Selection rest = selection;
        for (size_t branch = 0; branch + 1 < branches && !rest.empty(); ++branch) {
            Selection passed = rest;
            narrow(*arguments[branch * 2], batch, passed, nullptr);
            if (passed.empty())
                continue;
            take(branch, passed);
            subtract(passed, rest);
        }
        if (!rest.empty())
            take(branches - 1, rest);
    };
    if (!own.memo.codes.empty()) {
        Block& block = own.block;
        block.shape = Block::Shape::Dictionary;
        block.rows = batch.rows();
        block.dictionary = &own.memo.entries;
        block.dictionaryId = own.memo.id;
        block.codes.assign(batch.rows(), vector::kNullCode);
        eachBranch([&](size_t branch, const Selection& passed) {
            const uint32_t code = own.memo.codes[branch];
            forSelected(passed, [&](uint32_t row) { block.codes[row] = code; });
        });
        return block;
    }
    Assembly assembly(own, batch.rows());
    eachBranch([&](size_t branch, const Selection& passed) {
        assembly.assign(evaluate(valueOf(branch), batch, passed), passed);
    });
    return assembly.finish();
}

const Block& Evaluator::coalesce(const Expression& expression, Batch& batch,
                                 const Selection& selection) {
    Node& own = node(expression);
    Selection rest = selection;
    std::optional<Assembly> assembly;
    for (const Expression* argument : expression.arguments) {
        const Block& block = evaluate(*argument, batch, rest);
        RowBits nulls{};
        Selection found = rest;
        if (addNulls(block, batch.rows(), nulls.data()))
            keepBits(nulls, false, found);
        if (!assembly.has_value()) {
            if (found.count() == rest.count())
                return block;
            assembly.emplace(own, batch.rows());
        }
        assembly->assign(block, argument == expression.arguments.back() ? rest : found);
        subtract(found, rest);
        if (rest.empty())
            break;
    }
    return assembly->finish();
}

}  // namespace footfall::scan
