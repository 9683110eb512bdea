// Statistics of a partitioned table's columns where ANALYZE has none for the tree as a whole.
//
// Nothing analyzes a partitioned table by itself: autovacuum takes its partitions only. Without
// statistics the planner takes any column to have 200 different values. So where the parent has
// none, the planner is shown those of the largest footfall partition.
#pragma once

namespace footfall::planner {

void installStatisticsHook();

}  // namespace footfall::planner
