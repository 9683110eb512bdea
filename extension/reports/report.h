// Running a report: composing one query from the arguments and returning what it gives.
//
// Invariants: the query runs read-only, under the caller's identity and the caller's snapshot, so
// privileges and row security are PostgreSQL's business. What the caller wrote has been checked to
// be one expression or one query; names and values are quoted; everything else in the query is
// qualified, so that the caller's search_path decides about the caller's names only.
// Rows go straight into the result, which spills to disk at work_mem.
#pragma once

#include "extension/reports/arguments.h"

namespace footfall::reports {

// Returns the query's text, in the current context.
using Compose = char* (*)(const Arguments& arguments);

Datum runReport(FunctionCallInfo fcinfo, Compose compose);

// Computes a report from the rows of its queries, and puts its own into the result.
using Compute = void (*)(const Arguments& arguments, ReturnSetInfo* result);

Datum runComputedReport(FunctionCallInfo fcinfo, Compute compute);

// Runs a query as above. Its columns must be those of `descriptor`.
void runQuery(const char* query, Tuplestorestate* rows, TupleDesc descriptor);

}  // namespace footfall::reports
