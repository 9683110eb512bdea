// Parameters whose sub-query has not run yet.
//
// The engine's expressions are made with the values of parameters. A sub-query that gives one may
// fail, and PostgreSQL runs it when a row first asks for it: not for tables without a row. So where
// one has not run, the tables are looked at for a first row before anything is translated.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/executor/aggregate_report.h"

namespace footfall::executor {

// Whether running the node's expressions would run a sub-query for the first time. Not in parallel
// processes: Gather runs them beforehand.
bool hasPendingValues(const CustomScanState* node);

// Whether the plan's tables have a row in what the filter's pruning leaves. When not, what was
// pruned is counted. In the current context.
bool hasRow(const AggregatePlan& plan, const Relation* relations, Snapshot snapshot,
            const storage::ScanFilter& filter, AggregateCounters* counters);

// For those who translate nothing where there is no row: raises an ERROR when the user may not
// execute a function of the plan, as PostgreSQL does before it reads.
void checkFunctions(const AggregatePlan& plan, PlanState* planState);

}  // namespace footfall::executor
