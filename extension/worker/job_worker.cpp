// A worker: a background process that runs what is due in one database, and ends.
//
// The launcher (launcher.h) starts it, with the order in bgw_extra. It is nobody's session: each
// step of a job runs as the owner of its table (job_step.h), who need not be able to log in. In
// pg_stat_activity it is a "footfall worker", whose query says which job of which table it is at.
#include <cstring>

#include "extension/catalog/catalog_table.h"
#include "extension/module/settings.h"
#include "extension/module/worker_slots.h"
#include "extension/worker/job_run.h"
#include "extension/worker/job_step.h"

namespace footfall::worker {

namespace {

module::Order order;

void pin(const char* name, const char* value) {
    SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
}

// Whatever ALTER DATABASE ... SET says, as autovacuum does.
void pinSettings() {
    pin("search_path", "pg_catalog, pg_temp");
    pin("default_transaction_read_only", "off");
    pin("default_transaction_isolation", "read committed");
    pin("statement_timeout", "0");
    pin("lock_timeout", "0");
    pin("idle_in_transaction_session_timeout", "0");
#if PG_VERSION_NUM >= 170000
    pin("transaction_timeout", "0");
#endif
    pin("zero_damaged_pages", "off");
    // A standby that is away holds up clients, not maintenance.
    if (synchronous_commit > SYNCHRONOUS_COMMIT_LOCAL_FLUSH) {
        pin("synchronous_commit", "local");
    }
    SetConfigOption("application_name", "footfall worker", PGC_USERSET, PGC_S_OVERRIDE);
}

void onJob(int waiting) {
    if (ConfigReloadPending) {
        ConfigReloadPending = false;
        ProcessConfigFile(PGC_SIGHUP);
    }
    module::reportWaiting(order, waiting);
}

// Runs what is due; returns when to look again.
TimestampTz work() {
    const TimestampTz latest = GetCurrentTimestamp() + module::launcherInterval * USECS_PER_SEC;
    TimestampTz next = latest;
    PortalContext =
        AllocSetContextCreate(TopMemoryContext, "footfall worker", ALLOCSET_DEFAULT_SIZES);
    StartTransactionCommand();
    if (catalog::exists()) {
        // Jobs end transactions, as a procedure does.
        if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("SPI_connect_ext failed")));
        }
        SPI_commit();
        Request request = {};
        request.onJob = onJob;
        (void)runJobs(request);
        next = nextDue(latest);
        SPI_finish();
    }
    CommitTransactionCommand();
    return next;
}

}  // namespace

}  // namespace footfall::worker

extern "C" {
PGDLLEXPORT void footfall_job_worker(Datum argument);

PGDLLEXPORT void footfall_job_worker(Datum) {
    using footfall::worker::order;
    memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, die);
    if (!footfall::module::arrive(order)) {
        proc_exit(0);
    }
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(order.database, InvalidOid, 0);
    footfall::worker::pinSettings();
    footfall::worker::setUnattended();
    footfall::module::finish(order, footfall::worker::work());
    proc_exit(0);
}
}
