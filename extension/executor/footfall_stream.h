// FootfallAggregate, streamed: groups by customer are computed range by range in the order of
// customers, and a range's groups are final when it is through.
//
// The idea: a range of customers (customer_ranges.h) is small enough for its groups and events to
// stay in the cache; nothing is hashed at large, nothing spills. Parallel processes share the
// ranges out, in lots that get smaller towards the end, so the groups of one process are nobody
// else's: their rows need no final node.
//
// Groups leave row by row into PostgreSQL's executor, or in batches into a FootfallAggregate above
// (group_batch.h).
#pragma once

#include "engine/aggregate/aggregation.h"
#include "extension/executor/aggregate_function.h"
#include "extension/executor/aggregate_plan.h"
#include "extension/executor/customer_stream.h"
#include "extension/executor/group_function.h"
#include "extension/executor/shared_ranges.h"

namespace footfall::executor {

// An aggregate of the query: the engine's own, or a behavioural one.
struct StreamAggregate {
    Form_pg_attribute form;  // of the result
    bool behavioural;
    AggregateFunction function;  // not behavioural
    uint32_t index;              // its number in the aggregation
    GroupFunctionCall call;      // behavioural
    TupleDesc row;               // where the result is composite
    behavior::GroupAggregate* state;
};

struct FootfallStreamState {
    CustomScanState css;  // first
    AggregatePlan plan;
    int keyCount;
    int aggregateCount;
    StreamAggregate* aggregates;
    Form_pg_attribute* keyForms;
    Relation* relations;  // of the leaves

    MemoryContext context;  // of one execution
    ExpressionTranslator* translator;
    scan::Evaluator* evaluator;
    aggregate::Aggregation* aggregation;
    storage::ScanFilter** filters;  // of the leaves
    CustomerStream* stream;
    bool finished;
    int nextRange;  // of the lot taken last; inRange: it is being read
    int lotEnd;
    bool inRange;
    uint32_t group;  // next of the piece
    uint32_t groups;

    SharedRanges* shared;
    AggregateCounters counters;
};

// The plan state of a streamed FootfallAggregate.
Node* createStreamState();

// The streamed aggregate that a plan state is, below a SubqueryScan perhaps; nullptr for another.
FootfallStreamState* streamOf(PlanState* state);

// Computes pieces of ranges until one has groups, which are then groups 0 to `groups` - 1; false at
// the end.
bool nextGroupRange(FootfallStreamState* state);
// Values of a group, in the current context.
Datum streamKey(const FootfallStreamState* state, uint32_t group, int key, bool* null);
Datum streamResult(const FootfallStreamState* state, uint32_t group, int aggregate, bool* null);

}  // namespace footfall::executor
