// See job_run.h.
#include "extension/worker/job_run.h"

#include <cstring>

#include "extension/catalog/configuration.h"
#include "extension/functions/partitions.h"
#include "extension/module/settings.h"
#include "extension/partition/table_owner.h"
#include "extension/pg/guard.h"
#include "extension/worker/job_step.h"
#include "extension/worker/procedure.h"

namespace footfall::worker {

namespace {

constexpr int64 kFirstPause = 30 * USECS_PER_SEC;
constexpr int64 kLongestPause = 6 * USECS_PER_HOUR;
// Between looks at a job that is due, but that somebody else is running.
constexpr int64 kBusyPause = 10 * USECS_PER_SEC;
// Before a worker runs a job that waits at first.
constexpr int64 kFirstWait = USECS_PER_DAY;

TimestampTz afterFailure(TimestampTz started, int32 attempts) {
    const int doublings = Min(Max(attempts - 1, 0), 20);
    return started + Min(kFirstPause << doublings, kLongestPause);
}

void begin() {
    XactIsoLevel = XACT_READ_COMMITTED;
    PushActiveSnapshot(GetTransactionSnapshot());
}

void end() {
    PopActiveSnapshot();
    SPI_commit();
}

// Keeps the table from being dropped while its records are written; false when it is gone.
bool lockTable(Oid relation) {
    Relation table = try_relation_open(relation, AccessShareLock);
    if (table == nullptr) {
        return false;
    }
    relation_close(table, NoLock);
    return true;
}

bool mayRun(Oid relation) {
    return has_privs_of_role(GetUserId(), partition::ownerOf(relation));
}

bool isDue(const JobRecord& record, const Job& job, const partition::Policy& policy,
           TimestampTz clock) {
    if (job.canWait && !partition::windowOpen(policy, clock)) {
        return false;
    }
    return !record.found || clock >= record.nextStart || clock < record.started;
}

struct Chosen {
    Oid relation;
    const Job* job;
};

// The jobs to run, in order, as a list of Chosen*.
List* choose(const Request& request) {
    List* chosen = NIL;
    const TimestampTz clock = GetCurrentTimestamp();
    List* relations = OidIsValid(request.relation) ? list_make1_oid(request.relation)
                                                   : catalog::configuredRelations();
    ListCell* cell;
    foreach (cell, relations) {
        CHECK_FOR_INTERRUPTS();
        const Oid relation = lfirst_oid(cell);
        if (!lockTable(relation) || !mayRun(relation)) {
            continue;
        }
        const partition::Policy policy = partition::policyOf(relation);
        for (const Job& job : kJobs) {
            const bool asked = request.only == nullptr || strcmp(request.only, job.name) == 0;
            if (asked && job.wanted(policy) &&
                (OidIsValid(request.relation) ||
                 isDue(catalog::readRecord(relation, job.name), job, policy, clock))) {
                auto* one = static_cast<Chosen*>(palloc(sizeof(Chosen)));
                *one = {relation, &job};
                chosen = lappend(chosen, one);
            }
        }
    }
    return chosen;
}

void reportFailure(Oid relation, const Job& job, const ErrorData* error) {
    const char* name = get_rel_name(relation);
    ereport(WARNING, (errcode(error->sqlerrcode),
                      errmsg("job \"%s\" of table \"%s\" failed: %s", job.name,
                             name == nullptr ? "?" : name, error->message),
                      error->detail != nullptr ? errdetail_internal("%s", error->detail) : 0,
                      error->hint != nullptr ? errhint("%s", error->hint) : 0));
}

// Runs one job whose lock is held; returns its error.
ErrorData* runLocked(const Chosen& chosen, const Request& request) {
    const Job& job = *chosen.job;
    begin();
    bool wanted = lockTable(chosen.relation) && mayRun(chosen.relation);
    JobRecord record = {};
    int64 period = 0;
    if (wanted) {
        const partition::Policy policy = partition::policyOf(chosen.relation);
        record = catalog::readRecord(chosen.relation, job.name);
        // Another session may have run it since it was chosen.
        wanted = job.wanted(policy) && (OidIsValid(request.relation) ||
                                        isDue(record, job, policy, GetCurrentTimestamp()));
        period = wanted ? job.period(policy) : 0;
        if (wanted && job.waitsAtFirst && !record.found && isUnattended()) {
            catalog::recordWaiting(chosen.relation, job.name, GetCurrentTimestamp() + kFirstWait);
            wanted = false;
        }
    }
    if (!wanted) {
        end();
        return nullptr;
    }
    const TimestampTz started = GetCurrentTimestamp();
    const TimestampTz retry = afterFailure(started, record.attempts + 1);
    catalog::recordAttempt(chosen.relation, job.name, record, started, retry);
    pgstat_report_activity(STATE_RUNNING, psprintf("footfall: job \"%s\" of table \"%s\"", job.name,
                                                   get_rel_name(chosen.relation)));
    end();

    JobResult result = {};
    // Whether the owner's job may be run at all, before anything else.
    result.error = runStep(chosen.relation, false, [] { module::failpoint("job_after_attempt"); });
    if (result.error == nullptr) {
        job.run(chosen.relation, request.asOf == 0 ? GetCurrentTimestamp() : request.asOf, &result);
    }

    begin();
    if (lockTable(chosen.relation)) {
        catalog::recordResult(chosen.relation, job.name, record, started,
                              result.error == nullptr ? GetCurrentTimestamp() + period : retry,
                              result);
    }
    end();
    return result.error;
}

}  // namespace

ErrorData* runJobs(const Request& request) {
    begin();
    List* chosen = choose(request);
    end();
    ErrorData* first = nullptr;
    for (int i = 0; i < list_length(chosen); i++) {
        CHECK_FOR_INTERRUPTS();
        const Chosen& one = *static_cast<Chosen*>(list_nth(chosen, i));
        if (request.onJob != nullptr) {
            request.onJob(list_length(chosen) - 1 - i);
        }
        if (!catalog::tryLockJob(one.relation, one.job->number)) {
            if (OidIsValid(request.relation)) {
                ereport(NOTICE,
                        (errmsg("job \"%s\" is being run by another session", one.job->name)));
            }
            continue;
        }
        ErrorData* error = nullptr;
        pg::withCleanup([&] { error = runLocked(one, request); },
                        [&] { catalog::unlockJob(one.relation, one.job->number); });
        if (error == nullptr) {
            continue;
        }
        if (error->sqlerrcode == ERRCODE_QUERY_CANCELED && !isUnattended()) {
            ReThrowError(error);
        }
        if (request.only == nullptr) {
            reportFailure(one.relation, *one.job, error);
        }
        first = first == nullptr ? error : first;
    }
    return first;
}

TimestampTz nextDue(TimestampTz latest) {
    TimestampTz next = latest;
    begin();
    const TimestampTz clock = GetCurrentTimestamp();
    List* relations = catalog::configuredRelations();
    ListCell* cell;
    foreach (cell, relations) {
        CHECK_FOR_INTERRUPTS();
        const Oid relation = lfirst_oid(cell);
        if (!lockTable(relation)) {
            continue;
        }
        const partition::Policy policy = partition::policyOf(relation);
        for (const Job& job : kJobs) {
            if (!job.wanted(policy)) {
                continue;
            }
            const JobRecord record = catalog::readRecord(relation, job.name);
            TimestampTz due = record.found ? record.nextStart : clock;
            if (job.canWait && !partition::windowOpen(policy, Max(due, clock))) {
                due = partition::windowOpensAt(policy, Max(due, clock));
            }
            next = Min(next, due > clock ? due : clock + kBusyPause);
        }
    }
    end();
    return next;
}

}  // namespace footfall::worker

namespace {

ErrorData* runAsked(const footfall::worker::Request& request) {
    footfall::worker::beginOwnTransactions();
    return footfall::worker::runJobs(request);
}

TimestampTz asOfArgument(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(1)) {
        return 0;
    }
    const TimestampTz asOf = PG_GETARG_TIMESTAMPTZ(1);
    if (TIMESTAMP_NOT_FINITE(asOf)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("as_of must be finite")));
    }
    return asOf;
}

}  // namespace

extern "C" {
PG_FUNCTION_INFO_V1(footfall_run_jobs);
PG_FUNCTION_INFO_V1(footfall_retain);

PGDLLEXPORT Datum footfall_run_jobs(PG_FUNCTION_ARGS) {
    footfall::worker::requireOwnTransaction(fcinfo, "CALL footfall.run_jobs()");
    footfall::worker::Request request = {};
    request.asOf = asOfArgument(fcinfo);
    if (!PG_ARGISNULL(0)) {
        request.relation = footfall::functions::existingRelation(fcinfo);
        footfall::functions::requireOwner(request.relation);
    }
    (void)runAsked(request);
    SPI_finish();
    PG_RETURN_VOID();
}

PGDLLEXPORT Datum footfall_retain(PG_FUNCTION_ARGS) {
    footfall::worker::requireOwnTransaction(fcinfo, "CALL footfall.retain()");
    footfall::worker::Request request = {};
    request.asOf = asOfArgument(fcinfo);
    request.relation = footfall::functions::existingRelation(fcinfo);
    request.only = "retain";
    footfall::functions::requireOwner(request.relation);
    const footfall::partition::Policy policy = footfall::partition::policyOf(request.relation);
    if (policy.retain == nullptr) {
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("table \"%s\" has no retain setting", get_rel_name(request.relation)),
                 errhint("SELECT footfall.configure(..., retain => '13 months').")));
    }
    ErrorData* error = runAsked(request);
    if (error != nullptr) {
        ReThrowError(error);
    }
    SPI_finish();
    PG_RETURN_VOID();
}
}
