// What the processes of a parallel FootfallAggregate share: which rows are handed out, the sums of
// their counters, and when a worker may leave.
//
// The leader waits until its workers are gone, and a worker takes 3 to 4 ms to go: PostgreSQL's and
// the libraries' exit handlers, then the kernel unmaps each page of the shared buffers that it
// touched. What the others do meanwhile costs no time. So a worker takes no further segment once
// those that are left take the processes that stay no longer than that.
//
// Lives in dynamic shared memory; everything that changes is atomic. The leader resets it between
// executions, when no worker runs.
#pragma once

#include <chrono>

#include "extension/executor/aggregate_report.h"
#include "extension/executor/batch_source.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

// The header; one slot a scan follows: whether it has nothing left to hand out, then PostgreSQL's
// parallel scan.
class SharedAggregate {
  public:
    // `relations` are those that the scans read, one after the other again and again.
    static Size size(const Relation* relations, int count, Snapshot snapshot, int scans);
    void initialize(const Relation* relations, int count, Snapshot snapshot, int scans,
                    int processes);
    void reinitialize(const Relation* relations, int count);

    // A process begins; returns its number, from 0.
    int begin();
    int processes() const { return processes_; }
    SharedCounters& counters() { return counters_; }

    ParallelTableScanDesc scan(int number);
    bool isHandedOut(int number);
    void markHandedOut(int number);

    // Whether no other scan than this has rows to hand out.
    bool isOnlyOneLeft(int number);
    // The process leaves if the others, without it, do `work` within `time` (both in ms); the last
    // one never does.
    bool leave(double work, double time);

  private:
    pg_atomic_uint32* handedOut(int number);

    SharedCounters counters_;
    Size stride_;
    int scans_;
    int processes_;
    pg_atomic_uint32 begun_;
    pg_atomic_uint32 present_;  // have begun and not left early
    pg_atomic_uint32 open_;     // scans that are not handed out
};

// Tells a worker when to leave a scan's remaining segments to the others.
class EarlyLeave final : public SegmentStop {
  public:
    // The process begins to read; it may leave if it is a worker.
    void begin(SharedAggregate* shared);
    void startScan(int number) { number_ = number; }
    bool stopsBefore(TableScanDesc scan) override;
    bool hasLeft() const { return left_; }

  private:
    SharedAggregate* shared_ = nullptr;  // nullptr: stays
    std::chrono::steady_clock::time_point begin_;
    int number_ = 0;
    int64 taken_ = 0;  // segments
    bool left_ = false;
};

}  // namespace footfall::executor
