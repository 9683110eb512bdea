// FootfallScan: a custom scan of one footfall table.
//
// Rows come from the table's own scan (storage/scan.h) under the query's snapshot. The scan fills a
// virtual slot with the columns that the target list and the filter need, so other columns are
// never fetched; the clauses given as pruning clauses become a ScanFilter, with their values
// computed when the scan starts and at each rescan. All clauses are still checked on each row.
// Parallel-aware in the way of Parallel Seq Scan.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::executor {

// For the planner: a plan node is a CustomScan with these methods; custom_exprs holds the values of
// the pruning clauses, custom_private for each of them a list of the integers (attribute,
// comparison, is array, value type).
const CustomScanMethods* scanMethods();

// Makes the node readable for parallel workers; once per backend.
void registerScan();

}  // namespace footfall::executor
