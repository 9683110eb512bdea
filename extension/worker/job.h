// The jobs of a managed table.
//
//   partitions  partitions made ahead, strays moved out of the default partition
//   seal        hot rows older than seal_after become segments
//   compact     partitions that ended compact_after ago are sealed and compacted
//   retain      partitions that ended retain ago are dropped
//   archive     partitions that ended archive_after ago go to the archive, and so do, oldest first,
//               others that have ended, while all take more than archive_above in the database
//
// A job is a sequence of steps; each is a transaction of its own, run as the table's owner, and
// what a step has done stays done when a later one fails.
#pragma once

#include "extension/catalog/job_record.h"
#include "extension/partition/policy.h"

namespace footfall::worker {

using catalog::JobRecord;
using catalog::JobResult;

struct Job {
    const char* name;
    int number;    // in the job's lock, and in the view footfall.jobs
    bool canWait;  // for the maintenance window
    // Destroys rows: a worker that finds no record of it lets a day pass. A database that is being
    // restored has settings and no records, and some of its rows may yet be missing.
    bool waitsAtFirst;
    bool (*wanted)(const partition::Policy& policy);
    // How long after a success it is due again, in microseconds.
    int64 (*period)(const partition::Policy& policy);
    void (*run)(Oid relation, TimestampTz now, JobResult* result);
};

inline constexpr int kJobCount = 5;
extern const Job kJobs[kJobCount];

}  // namespace footfall::worker
