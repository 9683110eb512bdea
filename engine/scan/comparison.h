// Comparison kernels: a byte a row for two blocks of numbers.
#pragma once

#include <cstdint>

#include "engine/base/buffer.h"
#include "engine/scan/batch.h"
#include "engine/scan/expression.h"
#include "engine/vector/block.h"

namespace footfall::scan {

// Both blocks are integers or both floats; NULL rows give anything.
void compareNumbers(Operator op, const vector::Block& a, const vector::Block& b,
                    const Selection& selection, uint32_t rows, base::Buffer& left,
                    base::Buffer& right, uint8_t* mask);

}  // namespace footfall::scan
