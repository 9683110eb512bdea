// See foreign_function.h.
#include "extension/executor/foreign_function.h"

#include "extension/executor/interpreted_expression.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/value.h"

namespace footfall::executor {

ForeignExpressions::ForeignExpressions(PlanState* planState)
    : planState_(planState),
      context_(CurrentMemoryContext),
      econtext_(CreateExprContext(planState->state)),
      functions_(NIL),
      values_(static_cast<Datum*>(palloc(sizeof(Datum) * kChunk))),
      nulls_(static_cast<bool*>(palloc(sizeof(bool) * kChunk))) {}

Var* ForeignExpressions::parameter(int number, Node* argument) {
    return makeVar(INDEX_VAR, static_cast<AttrNumber>(number), exprType(argument),
                   exprTypmod(argument), exprCollation(argument), 0);
}

uint32_t ForeignExpressions::add(Expr* expression, List* parameterTypes) {
    MemoryContext previous = MemoryContextSwitchTo(context_);
    auto* function = static_cast<Function*>(palloc0(sizeof(Function)));
    function->state = initInterpreted(expression, planState_);
    function->result = valueForm(exprType(reinterpret_cast<Node*>(expression)));
    if (parameterTypes != NIL) {
        TupleDesc descriptor = CreateTemplateTupleDesc(list_length(parameterTypes));
        ListCell* cell;
        AttrNumber number = 1;
        foreach (cell, parameterTypes) {
            TupleDescInitEntry(descriptor, number++, nullptr, lfirst_oid(cell), -1, 0);
        }
        function->slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsVirtual);
    }
    functions_ = lappend(functions_, function);
    MemoryContextSwitchTo(previous);
    return static_cast<uint32_t>(list_length(functions_) - 1);
}

void ForeignExpressions::evaluateRow(const Function& function,
                                     std::span<const vector::Block* const> arguments, uint16_t row,
                                     Datum* value, bool* null) {
    TupleTableSlot* slot = function.slot;
    if (slot != nullptr) {
        ExecClearTuple(slot);
        for (std::size_t a = 0; a < arguments.size(); a++) {
            slot->tts_values[a] =
                datumAt(*arguments[a], row, TupleDescAttr(slot->tts_tupleDescriptor, a),
                        &slot->tts_isnull[a]);
        }
        ExecStoreVirtualTuple(slot);
    }
    econtext_->ecxt_scantuple = slot;
    *value = ExecEvalExpr(function.state, econtext_, null);
    if (!*null) {
        *value = copyValue(function.result, *value);
    }
}

void ForeignExpressions::evaluate(uint32_t id, std::span<const vector::Block* const> arguments,
                                  std::span<const uint16_t> rows, vector::Column& out) {
    const auto& function = *static_cast<Function*>(list_nth(functions_, static_cast<int>(id)));
    for (std::size_t done = 0; done < rows.size();) {
        const std::size_t most = std::min(kChunk, rows.size() - done);
        std::size_t count = 0;
        pg::callPostgres([&] {
            CHECK_FOR_INTERRUPTS();
            ResetExprContext(econtext_);
            MemoryContext memory = econtext_->ecxt_per_tuple_memory;
            MemoryContext previous = MemoryContextSwitchTo(memory);
            while (count < most && MemoryContextMemAllocated(memory, false) < kChunkBytes) {
                evaluateRow(function, arguments, rows[done + count], &values_[count],
                            &nulls_[count]);
                count++;
            }
            MemoryContextSwitchTo(previous);
        });
        for (std::size_t i = 0; i < count; i++) {
            if (nulls_[i]) {
                out.appendNull();
            } else {
                storage::appendValue(out, function.result, values_[i]);
            }
        }
        done += count;
    }
}

}  // namespace footfall::executor
