// Evaluates expressions over batches.
//
// An Evaluator serves all expressions of one builder for one scan, in one thread; it owns the
// blocks of intermediate results and what was learned about dictionaries. A dictionary-coded
// argument is worked on once per entry and dictionary where the operator has one such argument and
// otherwise constants; a constant one once per batch.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>

#include "engine/scan/batch.h"
#include "engine/scan/expression.h"
#include "engine/scan/foreign_functions.h"
#include "engine/vector/block.h"

namespace footfall::scan {

struct Outcome;  // node.h

// What happened, for EXPLAIN.
struct EvaluationCounters {
    uint64_t rowsRemoved = 0;         // by filters
    uint64_t rowsRemovedEncoded = 0;  // of these: by a verdict on a dictionary code or a constant
};

class Evaluator {
  public:
    // `foreign` may be null when no expression needs it. Both outlive the evaluator.
    Evaluator(const ExpressionBuilder& builder, ForeignFunctions* foreign,
              std::pmr::memory_resource* resource);
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;
    ~Evaluator();

    // The expression's values for the selected rows, at the rows' own positions; what stands at
    // other positions is undefined (but safe to read). Entries of the dictionary of a Dictionary
    // block may repeat, and codes of unselected rows are valid or kNullCode. The block is valid
    // until the next call for this expression, or for a batch filled anew.
    const vector::Block& evaluate(const Expression& expression, Batch& batch,
                                  const Selection& selection);

    // Keeps the rows for which the Bool expression is true (not false, not NULL).
    void filter(const Expression& expression, Batch& batch, Selection& selection);
    // The same for all of them, in this order, save that what a zone map answers is asked first.
    void filterAll(std::span<const Expression* const> filters, Batch& batch, Selection& selection);

    const EvaluationCounters& counters() const noexcept { return counters_; }

    struct Node;  // node.h

  private:
    Node& node(const Expression& expression);

    // Keeps the rows for which the expression is true, and those for which it is NULL when
    // `unknown` is given, where it sets their bits.
    void narrow(const Expression& expression, Batch& batch, Selection& selection,
                uint64_t* unknown);
    void narrowAnd(const Expression& expression, Batch& batch, Selection& selection,
                   uint64_t* unknown);
    void narrowOr(const Expression& expression, Batch& batch, Selection& selection,
                  uint64_t* unknown);
    void keep(const Outcome& outcome, Selection& selection, uint64_t* unknown);

    // What any Bool expression says of the selected rows (not of none).
    Outcome judge(const Expression& expression, Batch& batch, const Selection& selection);
    Outcome judgeTest(const Expression& expression, Batch& batch, const Selection& selection);
    Outcome judgePredicate(const Expression& expression, Batch& batch, const Selection& selection);
    // A predicate's answers for these values of its operands; `b` is null where there is one.
    Outcome judgeBlocks(const Expression& expression, const vector::Block& a,
                        const vector::Block* b, uint32_t rows, const Selection& selection);
    // Whether a zone map has answered for all rows; drops them when they fail.
    bool narrowByZone(const Expression& expression, Batch& batch, Selection& selection);
    // Whether the selection was narrowed, run by run; what is NULL is dropped.
    bool narrowRuns(const Expression& expression, Batch& batch, Selection& selection);
    const vector::Block& truth(const Outcome& outcome, Node& node, uint32_t rows);

    const vector::Block& arithmetic(const Expression& expression, Batch& batch,
                                    const Selection& selection);
    const vector::Block& cast(const Expression& expression, Batch& batch,
                              const Selection& selection);
    const vector::Block& choose(const Expression& expression, Batch& batch,
                                const Selection& selection);
    const vector::Block& coalesce(const Expression& expression, Batch& batch,
                                  const Selection& selection);
    const vector::Block& foreign(const Expression& expression, Batch& batch,
                                 const Selection& selection);
    const vector::Block& foreignOfDictionary(Node& node, size_t varying,
                                             const Selection& selection);
    const vector::Block& step(const Expression& expression, Batch& batch,
                              const Selection& selection);
    // Asks for the node's `arguments`; the answers are in its `output`.
    void ask(Node& node, std::span<const uint16_t> rows);
    void askBuckets(Node& node, const int64_t* values, const Selection& selection);
    uint32_t codeBetween(Node& node, int64_t least, int64_t greatest);
    bool stepByZone(Node& node, Batch& batch);

    ForeignFunctions* foreign_;
    std::pmr::memory_resource* resource_;
    std::pmr::monotonic_buffer_resource arena_;
    std::span<Node*> nodes_;
    Selection one_;  // of a single row, for what is the same for all
    EvaluationCounters counters_;
};

}  // namespace footfall::scan
