// The jobs of a managed table.
//
//   partitions  partitions made ahead, strays moved out of the default partition
//   seal        hot rows older than seal_after become segments
//   compact     partitions that ended compact_after ago are sealed and compacted
//   retain      partitions that ended retain ago are dropped
//
// A job is a sequence of steps; each is a transaction of its own, run as the table's owner, and
// what a step has done stays done when a later one fails.
#pragma once

#include "extension/partition/policy.h"
#include "extension/worker/job_record.h"

namespace footfall::worker {

struct Job {
    const char* name;
    int number;    // in the job's lock, and in the view footfall.jobs
    bool canWait;  // for the maintenance window
    bool (*wanted)(const partition::Policy& policy);
    // How long after a success it is due again, in microseconds.
    int64 (*period)(const partition::Policy& policy);
    void (*run)(Oid relation, TimestampTz now, JobResult* result);
};

inline constexpr int kJobCount = 4;
extern const Job kJobs[kJobCount];

}  // namespace footfall::worker
