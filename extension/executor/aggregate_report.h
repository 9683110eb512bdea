// What EXPLAIN tells about a FootfallAggregate, and the counters behind it.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/executor/batch_source.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

struct AggregateCounters {
    BatchCounters batches;
    uint64 segmentsRead;
    uint64 segmentsPruned;
    uint64 blocksRead;
    uint64 blocksPruned;
    uint64 rowsRemoved;
    uint64 rowsRemovedEncoded;
    uint64 rowsRemovedByJoin;
    uint64 lookupPasses;
    uint64 spilledFiles;
    uint64 ranges;  // of customers, streamed
    uint64 coldSegments;
    uint64 columnsFetched;  // from the archive
    uint64 columnsCached;   // taken from the local cache instead
    uint64 bytesFetched;

    void addPruning(const storage::ScanFilter& filter);
};

// The sums over all workers, in shared memory.
class SharedCounters {
  public:
    void initialize();
    // When a process is through: a worker adds its counters, the leader takes the sums of those
    // that are through by then. With LIMIT the leader may be through first; what is missing is
    // missing in EXPLAIN only.
    void collect(AggregateCounters* counters);

  private:
    void add(const AggregateCounters& counters);
    // Adds the sums to `*counters` and starts again from 0.
    void moveTo(AggregateCounters* counters);

    static constexpr int kCount = sizeof(AggregateCounters) / sizeof(uint64);
    pg_atomic_uint64 sums_[kCount];
};

// The part about what is read, and how; what the rows are grouped or ordered by goes with it.
void explainRead(const AggregatePlan& plan, const AggregateCounters& counters, const char* label,
                 List* expressions, CustomScanState* node, List* ancestors, ExplainState* es);

void explainAggregate(const AggregatePlan& plan, const AggregateCounters& counters,
                      CustomScanState* node, List* ancestors, ExplainState* es);

}  // namespace footfall::executor
