// See job_record.h.
#include "extension/catalog/job_record.h"

#include "extension/catalog/catalog_scan.h"

namespace footfall::catalog {

namespace {

constexpr uint16 kJobClass = 0xFF03;
constexpr int64 kHistoryKept = USECS_PER_DAY * 30;

namespace job_column {
enum { kRelation, kJob, kStarted, kFinished, kNextStart, kAttempts, kError, kCount };
}
namespace run_column {
enum {
    kRelation,
    kStarted,
    kJob,
    kFinished,
    kRows,
    kBytes,
    kAttempt,
    kDone,
    kSqlstate,
    kError,
    kCount
};
}

LOCKTAG jobTag(Oid relation, int job) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, relation, static_cast<uint32>(job), kJobClass);
    return tag;
}

CatalogScan beginJobScan(OpenTable& table, Oid relation, const char* job) {
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(job));
    keys[1].sk_collation = DEFAULT_COLLATION_OID;
    return beginScan(table, nullptr, 2, keys);
}

void writeJob(Oid relation, const char* job, TimestampTz started, const TimestampTz* finished,
              TimestampTz nextStart, int32 attempts, const char* error) {
    OpenTable table = open(Table::Job, false, RowExclusiveLock);
    CatalogScan scan = beginJobScan(table, relation, job);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        ItemPointerData tid = tuple->t_self;
        remove(table, &tid, GetCurrentCommandId(true));
    }
    endScan(scan);
    Datum values[job_column::kCount] = {};
    bool nulls[job_column::kCount] = {};
    values[job_column::kRelation] = ObjectIdGetDatum(relation);
    values[job_column::kJob] = CStringGetTextDatum(job);
    values[job_column::kStarted] = TimestampTzGetDatum(started);
    nulls[job_column::kFinished] = finished == nullptr;
    values[job_column::kFinished] = TimestampTzGetDatum(finished == nullptr ? 0 : *finished);
    values[job_column::kNextStart] = TimestampTzGetDatum(nextStart);
    values[job_column::kAttempts] = Int32GetDatum(attempts);
    nulls[job_column::kError] = error == nullptr;
    if (error != nullptr) {
        values[job_column::kError] = CStringGetTextDatum(error);
    }
    insert(table, values, nulls, 2, GetCurrentCommandId(true));
    close(table);
    CommandCounterIncrement();
}

// Rows of the history of a relation that are too old.
void trimHistory(OpenTable& table, Oid relation) {
    ScanKeyData keys[2];
    ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    ScanKeyInit(&keys[1], 2, BTLessStrategyNumber, F_TIMESTAMPTZ_LT,
                TimestampTzGetDatum(GetCurrentTimestamp() - kHistoryKept));
    CatalogScan scan = beginScan(table, nullptr, 2, keys);
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = nextRow(scan))) {
        CHECK_FOR_INTERRUPTS();
        ItemPointerData tid = tuple->t_self;
        remove(table, &tid, GetCurrentCommandId(true));
    }
    endScan(scan);
}

void writeRun(Oid relation, const char* job, TimestampTz started, const TimestampTz* finished,
              int32 attempt, const JobResult& result, const char* sqlstate, const char* error) {
    OpenTable table = open(Table::JobHistory, false, RowExclusiveLock);
    trimHistory(table, relation);
    Datum values[run_column::kCount] = {};
    bool nulls[run_column::kCount] = {};
    const auto text = [&](int column, const char* value) {
        nulls[column] = value == nullptr;
        if (value != nullptr) {
            values[column] = CStringGetTextDatum(value);
        }
    };
    values[run_column::kRelation] = ObjectIdGetDatum(relation);
    values[run_column::kStarted] = TimestampTzGetDatum(started);
    text(run_column::kJob, job);
    nulls[run_column::kFinished] = finished == nullptr;
    values[run_column::kFinished] = TimestampTzGetDatum(finished == nullptr ? 0 : *finished);
    values[run_column::kRows] = Int64GetDatum(result.rows);
    values[run_column::kBytes] = Int64GetDatum(result.bytes);
    values[run_column::kAttempt] = Int32GetDatum(attempt);
    text(run_column::kDone, result.done);
    text(run_column::kSqlstate, sqlstate);
    text(run_column::kError, error);
    insert(table, values, nulls, 3, GetCurrentCommandId(true));
    close(table);
    CommandCounterIncrement();
}

}  // namespace

bool tryLockJob(Oid relation, int job) {
    LOCKTAG tag = jobTag(relation, job);
    return LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_OK;
}

bool lockJobUntilCommit(Oid relation, int job) {
    LOCKTAG tag = jobTag(relation, job);
    return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}

void unlockJob(Oid relation, int job) {
    LOCKTAG tag = jobTag(relation, job);
    LockRelease(&tag, ExclusiveLock, true);
}

JobRecord readRecord(Oid relation, const char* job) {
    OpenTable table = open(Table::Job, false, AccessShareLock);
    CatalogScan scan = beginJobScan(table, relation, job);
    JobRecord record = {};
    HeapTuple tuple = nextRow(scan);
    if (HeapTupleIsValid(tuple)) {
        Datum values[job_column::kCount];
        bool nulls[job_column::kCount];
        heap_deform_tuple(tuple, RelationGetDescr(table.table), values, nulls);
        record.found = true;
        record.started = DatumGetTimestampTz(values[job_column::kStarted]);
        const bool finished = !nulls[job_column::kFinished];
        record.ended = finished || TIMESTAMP_IS_NOBEGIN(record.started);
        record.finished =
            finished ? DatumGetTimestampTz(values[job_column::kFinished]) : TimestampTz{0};
        record.nextStart = DatumGetTimestampTz(values[job_column::kNextStart]);
        record.attempts = DatumGetInt32(values[job_column::kAttempts]);
    }
    endScan(scan);
    close(table);
    return record;
}

void recordWaiting(Oid relation, const char* job, TimestampTz nextStart) {
    TimestampTz never = 0;
    TIMESTAMP_NOBEGIN(never);
    writeJob(relation, job, never, nullptr, nextStart, 0, nullptr);
}

void recordAttempt(Oid relation, const char* job, const JobRecord& before, TimestampTz started,
                   TimestampTz nextStart) {
    if (before.found && !before.ended) {
        writeRun(relation, job, before.started, nullptr, before.attempts, JobResult{}, nullptr,
                 "the run never ended: its process was killed or the server stopped");
    }
    writeJob(relation, job, started, nullptr, nextStart, before.attempts + 1, nullptr);
}

void recordResult(Oid relation, const char* job, const JobRecord& before, TimestampTz started,
                  TimestampTz nextStart, const JobResult& result) {
    const TimestampTz finished = GetCurrentTimestamp();
    const bool failed = result.error != nullptr;
    const char* message = failed ? result.error->message : nullptr;
    writeJob(relation, job, started, &finished, nextStart, failed ? before.attempts + 1 : 0,
             message);
    writeRun(relation, job, started, &finished, before.attempts + 1, result,
             failed ? unpack_sql_state(result.error->sqlerrcode) : nullptr, message);
}

}  // namespace footfall::catalog
