// What is remembered of jobs: footfall.job (the last attempt and the next) and footfall.job_run
// (the history).
//
// Both are written by their keys, without logical decoding, whatever the current user may do; each
// call is part of the caller's transaction. The lock of the job (tryLockJob) is held by who writes.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::catalog {

// The job that drops what is too old, and its number in the job's lock. configure knows it: see
// recordWaiting.
inline constexpr char kRetainJob[] = "retain";
inline constexpr int kRetainNumber = 3;

struct JobRecord {
    bool found;
    TimestampTz started;  // -infinity: no run yet
    bool ended;           // no run has begun and not ended
    TimestampTz finished;
    TimestampTz nextStart;
    int32 attempts;  // that failed, or began and never ended, since the last success
};

struct JobResult {
    int64 rows;
    int64 bytes;
    char* done;        // what was done, in words; may be nullptr
    ErrorData* error;  // nullptr: success
};

// Locks a job of a table for this session, without waiting; the lock outlives transactions.
bool tryLockJob(Oid relation, int job);
void unlockJob(Oid relation, int job);

// The same to the end of the transaction.
bool lockJobUntilCommit(Oid relation, int job);

JobRecord readRecord(Oid relation, const char* job);

// That a job which has no record is to run at `nextStart` for the first time.
void recordWaiting(Oid relation, const char* job, TimestampTz nextStart);

// Before a run: counts the attempt, and says when the next one is if this one never ends. An
// earlier attempt that never ended goes into the history.
void recordAttempt(Oid relation, const char* job, const JobRecord& before, TimestampTz started,
                   TimestampTz nextStart);

// After a run.
void recordResult(Oid relation, const char* job, const JobRecord& before, TimestampTz started,
                  TimestampTz nextStart, const JobResult& result);

}  // namespace footfall::catalog
