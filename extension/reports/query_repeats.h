// Whether a query finds the same rows when a snapshot is asked again.
//
// Volatile functions and samples do not, nor do queries that leave it to the plan which rows they
// take: LIMIT, DISTINCT ON, and window functions, whose order may leave ties.
#pragma once

namespace footfall::reports {

// Views and row security are looked into, functions are what they are declared as.
bool queryRepeats(const char* text);

}  // namespace footfall::reports
