// What the engine asks of whoever knows more functions than it does.
#pragma once

#include <cstdint>
#include <span>

#include "engine/vector/block.h"

namespace footfall::scan {

class ForeignFunctions {
  public:
    virtual ~ForeignFunctions() = default;

    // Evaluates function `id` (the number given to ExpressionBuilder::foreign or ::step) for the
    // rows `rows` of the argument blocks, in that order, and appends exactly rows.size() values to
    // `out`, which is empty and of the expression's type. A NULL argument is the function's own
    // business (strict or not). Must throw to report an error.
    virtual void evaluate(uint32_t id, std::span<const vector::Block* const> arguments,
                          std::span<const uint16_t> rows, vector::Column& out) = 0;
};

}  // namespace footfall::scan
