// What both executions of a FootfallAggregate, hashed and streamed, set up from its plan.
#pragma once

#include "engine/aggregate/aggregate_spec.h"
#include "extension/executor/aggregate_function.h"
#include "extension/executor/aggregate_plan.h"
#include "extension/executor/expression_translator.h"
#include "extension/storage/scan_filter.h"

namespace footfall::executor {

// An ERROR when the user may not call one of the aggregates.
void checkAggregates(const List* aggregates);

// In the current context.
std::span<const scan::Expression* const> translateList(ExpressionTranslator* translator,
                                                       const List* nodes);
// Those that are asked of the rows as they are read.
std::span<const scan::Expression* const> translateFilters(ExpressionTranslator* translator,
                                                          const List* nodes);
aggregate::AggregateSpec translateAggregate(ExpressionTranslator* translator, const Aggref* aggref,
                                            const AggregateFunction& function);

// The predicates of a filter over the parent's columns for the columns of a leaf, with counters of
// its own.
storage::ScanFilter* leafFilter(const AggregatePlan& plan, const storage::ScanFilter& filter,
                                int leaf);

}  // namespace footfall::executor
