// min and max of whole tables: blocks that can change neither are not read.
//
// The idea: a block whose zone map lies within what was seen already adds nothing to min and max of
// that column, whatever filters and deletions say. Without GROUP BY, and with nothing but such
// aggregates, it need not be read. So the last event of a log is found in a few blocks.
#pragma once

#include "engine/aggregate/aggregation.h"
#include "extension/executor/aggregate_function.h"
#include "extension/executor/aggregate_plan.h"
#include "extension/executor/batch_source.h"

namespace footfall::executor {

class Extremes final : public BlockChoice {
  public:
    // nullptr when the query asks for something else. In the current context; `functions` are those
    // of the plan's aggregates, `aggregation` computes them.
    static Extremes* find(const AggregatePlan& plan, const AggregateFunction* functions,
                          const aggregate::Aggregation* aggregation);

    // For the leaf that is read next; what is left out is counted in its filter.
    void startLeaf(const List* attributes, storage::ScanFilter* filter);
    void choose(storage::SealedSegment* segment, uint32_t next, segment::BlockSet* blocks) override;

  private:
    struct Asked {
        int column;     // among the plan's attributes
        int attribute;  // of the leaf, 0-based
        bool greatest;
        bool seen;
        int64 value;  // so far
    };

    Extremes() = default;
    bool refresh();

    const aggregate::Aggregation* aggregation_;
    storage::ScanFilter* filter_;
    Asked* asked_;
    int count_;
};

}  // namespace footfall::executor
