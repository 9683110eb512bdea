// Columns of every type, with patterns that reach every codec.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "engine/vector/column.h"

namespace footfall::samples {

enum class Values {
    Constant,
    Runs,       // runs of 1 to 20
    Few,        // twelve different
    Ascending,  // steady steps with jitter
    Random,     // all bits
    Extremes,   // the ends of the type, NaNs, empty and long values
    Decimal,    // prices; for bytes: text templates, or numerics
};
inline constexpr Values kAllValues[] = {Values::Constant,  Values::Runs,   Values::Few,
                                        Values::Ascending, Values::Random, Values::Extremes,
                                        Values::Decimal};

enum class Nulls { None, Some, Most, Blocks, All };
inline constexpr Nulls kAllNulls[] = {Nulls::None, Nulls::Some, Nulls::Most, Nulls::Blocks,
                                      Nulls::All};

std::vector<vector::ColumnType> allTypes();
std::string typeName(vector::ColumnType type);

vector::Column makeColumn(vector::ColumnType type, uint32_t rows, Values values, Nulls nulls,
                          uint64_t seed);

// PostgreSQL's on-disk numeric (without varlena header) of a decimal literal, "-12.50".
std::string numericBytes(const std::string& decimal);

}  // namespace footfall::samples
