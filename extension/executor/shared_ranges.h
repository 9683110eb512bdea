// What the processes of a parallel plan share of a scan that reads customers range by range: which
// ranges are taken, and the sums of their counters.
//
// SharedRangesMethods gives a node the callbacks for it. The node's state has the fields `shared`
// (nullptr: not parallel), `counters` and `finished`; closeStream(state) ends its reading.
#pragma once

#include "extension/executor/aggregate_report.h"
#include "extension/executor/range_share.h"

namespace footfall::executor {

// In dynamic shared memory.
struct SharedRanges {
    SharedCounters counters;
    RangeShare ranges;
};

template <class State, void (*closeStream)(State*)>
class SharedRangesMethods {
  public:
    static void fill(CustomExecMethods* methods) {
        methods->EstimateDSMCustomScan = estimate;
        methods->InitializeDSMCustomScan = initialize;
        methods->ReInitializeDSMCustomScan = reinitialize;
        methods->InitializeWorkerCustomScan = initializeWorker;
        methods->ShutdownCustomScan = shutdown;
    }

  private:
    static State* cast(CustomScanState* node) { return reinterpret_cast<State*>(node); }

    static Size estimate(CustomScanState*, ParallelContext*) { return sizeof(SharedRanges); }

    static void initialize(CustomScanState* node, ParallelContext* context, void* coordinate) {
        auto* shared = static_cast<SharedRanges*>(coordinate);
        shared->counters.initialize();
        shared->ranges.initialize(context->nworkers + 1);
        cast(node)->shared = shared;
    }

    static void reinitialize(CustomScanState* node, ParallelContext*, void*) {
        cast(node)->shared->ranges.restart();
    }

    static void initializeWorker(CustomScanState* node, shm_toc*, void* coordinate) {
        cast(node)->shared = static_cast<SharedRanges*>(coordinate);
    }

    // Called in workers when they are through, and in the leader before the shared memory goes.
    static void shutdown(CustomScanState* node) {
        State* state = cast(node);
        // A cursor's plan is shut down after each FETCH, and goes on.
        if (state->shared == nullptr) {
            return;
        }
        closeStream(state);
        state->finished = true;
        state->shared->counters.collect(&state->counters);
        state->shared = nullptr;
    }
};

}  // namespace footfall::executor
