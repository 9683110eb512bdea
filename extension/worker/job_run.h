// Running jobs.
//
// For every configured table of whom the caller may act as the owner: each job that its settings
// ask for and that is due is locked, counted as an attempt, run, and recorded. A job that failed is
// due again after 30 seconds, then twice as long each time, up to six hours; so is one that never
// came to an end. Since all of this is in footfall.job, restarts change nothing.
//
// A clock that was set back does not stop jobs: what started in the future is due now.
#pragma once

#include "extension/worker/job.h"

namespace footfall::worker {

struct Request {
    Oid relation;      // InvalidOid: all tables, what is due
    const char* only;  // name of one job; nullptr: all
    TimestampTz asOf;  // what the jobs take for now; 0: the clock
    // Told before each job how many due ones are behind it; may be nullptr.
    void (*onJob)(int waiting);
};

// With `relation`: its jobs run whether due or not. Returns the first error of a job, recorded and,
// unless one job was asked for, reported as a WARNING; nullptr when all went well. Called outside a
// transaction block; ends transactions. A cancelled job's ERROR is raised, except in
// a background worker.
ErrorData* runJobs(const Request& request);

// When a job of any table is due next, at the latest `latest`. Called as runJobs is.
TimestampTz nextDue(TimestampTz latest);

}  // namespace footfall::worker
