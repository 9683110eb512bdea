// Reading the benchmark event log's CSV into columns.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/vector/column.h"

namespace footfall::bench {

struct EventLog {
    std::vector<std::string> names;
    std::vector<vector::Column> columns;
};

// Columns as README.md of the generator lists them; at most `limit` rows.
EventLog readEventLog(const char* path, uint32_t limit);

inline constexpr uint32_t kTimeColumn = 0;
inline constexpr uint32_t kCustomerColumn = 1;

}  // namespace footfall::bench
