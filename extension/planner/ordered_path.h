// FootfallScan in the order of the order key, offered for window functions and ORDER BY.
#pragma once

namespace footfall::planner {

void installOrderedPathHook();

}  // namespace footfall::planner
