// The encoders there are, one a file.
#pragma once

#include <memory>

#include "bench/simulator/row_encoder.h"

namespace footfall::simulator {

std::unique_ptr<RowEncoder> makeCsvEncoder(const Table& table, bool header);
std::unique_ptr<RowEncoder> makeJsonEncoder(const Table& table);
std::unique_ptr<RowEncoder> makeCopyEncoder(const Table& table);

}  // namespace footfall::simulator
