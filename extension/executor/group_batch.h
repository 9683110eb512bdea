// The groups of a streamed aggregate as batches for the aggregate above it.
//
// Rows never become tuples: what HAVING keeps of a range's groups are batches whose columns are
// the outputs of the sub-query that the aggregate above reads.
#pragma once

#include "extension/executor/footfall_stream.h"

namespace footfall::executor {

class GroupBatches final : public scan::Batch {
  public:
    // `child` is the plan state of the sub-query; column i is its output number
    // list_nth_int(outputs, i). In the current context.
    static GroupBatches* open(PlanState* child, const List* outputs);
    // The next groups; false at the end. Not inside the engine.
    bool next(scan::Selection& selection);
    void close();

    const vector::Block& column(uint32_t index) override;

  private:
    // Keys and results as they are.
    class Groups final : public scan::Batch {
      public:
        const vector::Block& column(uint32_t index) override { return *blocks[index]; }
        void setRows(uint32_t rows) { rows_ = rows; }
        vector::Block** blocks = nullptr;
    };

    GroupBatches() = default;
    void fill();
    void fillColumn(int column);
    bool fillCodes(int column);
    bool appendByValue(int column, uint32_t group, vector::Column& out);

    FootfallStreamState* stream_ = nullptr;
    MemoryContext context_ = nullptr;       // in which this is
    MemoryContext batchContext_ = nullptr;  // Datums of one batch
    ExpressionTranslator* translator_ = nullptr;
    scan::Evaluator* evaluator_ = nullptr;
    std::span<const scan::Expression* const> having_;
    std::span<const scan::Expression* const> outputs_;
    Groups groups_;
    int columns_ = 0;
    bool* needed_ = nullptr;  // by column of groups_
    Form_pg_attribute* forms_ = nullptr;
    // By column: the results that its codes stand for; nullptr where it has had none.
    struct Coded {
        vector::Column* entries;
        uint64 id;
    };
    Coded* coded_ = nullptr;
    uint32_t first_ = 0;  // group of the batch
    scan::Selection own_;
};

}  // namespace footfall::executor
