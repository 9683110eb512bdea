// FootfallScan: a custom scan of one footfall table.
//
// Rows come from the table's own scan (storage/scan.h) under the query's snapshot: hot rows one by
// one, then the blocks of segments. The scan fills a virtual slot with the columns that the target
// list and the filter need, so other columns are never fetched. The clauses given as pruning
// clauses become a ScanFilter, with their values computed when the scan starts and at each rescan.
// The clauses given as batch filters shrink a block's selection of rows before any row is made, on
// encoded columns where they can; hot rows are checked against them one by one. The clauses left
// are the plan node's qual. Parallel-aware in the way of Parallel Seq Scan. Forward only.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::executor {

const CustomScanMethods* scanMethods();

// Fills a plan node: the values of the pruning clauses with their descriptions (describePredicate),
// and the batch filters in the order to apply them.
void describeScanPlan(CustomScan* scan, List* predicateValues, List* predicates, List* filters);

// Makes the node readable for parallel workers; once per backend.
void registerScan();

}  // namespace footfall::executor
