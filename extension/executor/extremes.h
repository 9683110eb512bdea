// min and max of whole tables: blocks that can change neither are not read.
//
// The idea: a block whose zone map lies within what was seen already adds nothing to min and max of
// that column, whatever filters and deletions say. Without GROUP BY, and with nothing but such
// aggregates, it need not be read. So the last event of a log is found in a few blocks.
//
// Where nothing is filtered and no row of a segment is deleted, its zone maps are the answer: they
// are two rows that are added in its place.
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
                          aggregate::Aggregation* aggregation);

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

    // The zone maps of a segment as rows: what is least, and what is greatest.
    class Bounds final : public scan::Batch {
      public:
        Bounds() { rows_ = 2; }
        const vector::Block& column(uint32_t index) override { return *blocks[index]; }
        vector::Block** blocks = nullptr;  // by column of the plan; nullptr: not asked for
    };

    Extremes() = default;
    bool refresh();
    bool takeBounds(storage::SealedSegment* segment);
    void leaveOut(storage::SealedSegment* segment, uint32_t next, const segment::BlockSet& wanted,
                  segment::BlockSet* blocks);

    aggregate::Aggregation* aggregation_;
    Bounds* bounds_;  // nullptr where rows are filtered
    storage::ScanFilter* filter_;
    Asked* asked_;
    int count_;
};

}  // namespace footfall::executor
