// Expressions that only PostgreSQL can evaluate, as the engine's foreign functions.
//
// Each is an expression over parameters 1, 2, ... (Vars of a slot of its own), prepared once and
// evaluated row by row for the rows the engine asks for. Results are copied before the next row is
// evaluated; PostgreSQL is entered once for up to 1,024 rows, as long as their evaluation takes
// little memory.
#pragma once

#include "engine/scan/foreign_functions.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

class ForeignExpressions final : public scan::ForeignFunctions {
  public:
    // In the current context; `planState` gives parameters and lives longer.
    explicit ForeignExpressions(PlanState* planState);

    // The Var that stands for parameter `number` (from 1) in an expression.
    static Var* parameter(int number, Node* argument);

    // Adds an expression over parameters of the types given; returns its number.
    uint32_t add(Expr* expression, List* parameterTypes);

    // Gives back what does not go with the memory context.
    void release() { FreeExprContext(econtext_, true); }

    void evaluate(uint32_t id, std::span<const vector::Block* const> arguments,
                  std::span<const uint16_t> rows, vector::Column& out) override;

  private:
    static constexpr std::size_t kChunk = 1024;
    static constexpr Size kChunkBytes = 1024 * 1024;

    struct Function {
        ExprState* state;
        TupleTableSlot* slot;  // nullptr: no parameters
        Form_pg_attribute result;
    };

    void evaluateRow(const Function& function, std::span<const vector::Block* const> arguments,
                     uint16_t row, Datum* value, bool* null);

    PlanState* planState_;
    MemoryContext context_;
    ExprContext* econtext_;
    List* functions_;
    Datum* values_;
    bool* nulls_;
};

}  // namespace footfall::executor
