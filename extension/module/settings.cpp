// See settings.h.
#include "extension/module/settings.h"

#include <csignal>
#include <cstring>

#include "extension/module/worker_slots.h"

namespace footfall::module {

int logicalDecoding = kLogicalDecodingAuto;
int minSegmentRows = 8192;
bool enableScan = true;
bool enableVectorized = true;
bool requireVectorized = false;
int processors = 0;
int maxWorkers = 2;
int launcherInterval = 60;
int archiveCacheSize = 1024;
bool superuserJobs = false;
int trainingMemory = 0;
constexpr int kDefaultImportSize = 64 * 1024;
int maxImportSize = kDefaultImportSize;
char* allowedEndpoints = nullptr;
bool debugIgnoreTombstones = false;

namespace {

char* failpointSpec = nullptr;

const config_enum_entry kLogicalDecodingOptions[] = {{"auto", kLogicalDecodingAuto, false},
                                                     {"on", kLogicalDecodingOn, false},
                                                     {"off", kLogicalDecodingOff, false},
                                                     {nullptr, 0, false}};

}  // namespace

void defineSettings() {
    DefineCustomEnumVariable("footfall.logical_decoding",
                             "Whether bulk loads stay visible to logical decoding.",
                             "auto: loads go through the hot rows while the database has a logical "
                             "replication slot. on: always. off: "
                             "never, loads write segments, which logical decoding does not see.",
                             &logicalDecoding, kLogicalDecodingAuto, kLogicalDecodingOptions,
                             PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "footfall.min_segment_rows",
        "The fewest rows a bulk load writes as a segment; a shorter tail stays hot.", nullptr,
        &minSegmentRows, 8192, 1, 131072, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable(
        "footfall.enable_scan", "Enables the planner's use of FootfallScan plans.",
        "Off restores PostgreSQL's own sequential scan of footfall tables.", &enableScan, true,
        PGC_USERSET, GUC_EXPLAIN, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable(
        "footfall.enable_vectorized",
        "Enables filters and aggregates of footfall tables that work on batches of rows.",
        "Off leaves aggregates and filters to PostgreSQL's executor.", &enableVectorized, true,
        PGC_USERSET, GUC_EXPLAIN, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable(
        "footfall.require_vectorized",
        "Raises an error when an aggregate of a footfall table cannot be vectorised.",
        "For tests and for whoever wants to know why a query is slow. Also makes the planner "
        "prefer footfall's plans whatever they cost.",
        &requireVectorized, false, PGC_USERSET, GUC_EXPLAIN, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "footfall.processors",
        "How many processors parallel aggregates count on; 0: those the server may run on.",
        "A query has no more processes, the leader included. max_parallel_workers_per_gather "
        "bounds them, too.",
        &processors, 0, 0, 1024, PGC_USERSET, GUC_EXPLAIN, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "footfall.max_workers", "How many background workers run jobs at once; 0: none.",
        "They come out of max_worker_processes, and exist when footfall is in "
        "shared_preload_libraries.",
        &maxWorkers, 2, 0, kMaxWorkers, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "footfall.launcher_interval",
        "How long a database goes unlooked at when no job of it is known to be due.",
        "What is due sooner is run sooner.", &launcherInterval, 60, 1, 86400, PGC_SIGHUP,
        GUC_UNIT_S, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "footfall.archive_cache_size",
        "How much of archived columns is kept in files of the server; 0: nothing.",
        "All sessions share the files. Those that were used longest ago make room.",
        &archiveCacheSize, 1024, 0, INT_MAX, PGC_SIGHUP, GUC_UNIT_MB, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable(
        "footfall.superuser_jobs",
        "Whether background workers run the jobs of tables that superusers own.",
        "A job runs as the owner of its table, and so would code attached to it.", &superuserJobs,
        false, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "footfall.training_memory",
        "The most memory that the process which trains a model may use; 0: no limit.",
        "A training that needs more ends in an error.", &trainingMemory, 0, 0, INT_MAX, PGC_SUSET,
        GUC_UNIT_KB, nullptr, nullptr, nullptr);
    DefineCustomIntVariable(
        "footfall.max_import_size", "The largest model that footfall.import_model reads.",
        "Reading takes a few times the memory of what is read.", &maxImportSize, kDefaultImportSize,
        1, 1024 * 1024 - 1, PGC_SUSET, GUC_UNIT_KB, nullptr, nullptr, nullptr);
    DefineCustomStringVariable(
        "footfall.allowed_endpoints", "Hosts that archives may be at.",
        "A list with commas of host, host:port, *.domain, *.domain:port, or *. Link-local "
        "addresses "
        "are never allowed, loopback and private ones only where the list names the host itself. "
        "Empty: archives are files only.",
        &allowedEndpoints, "", PGC_SUSET, 0, nullptr, nullptr, nullptr);
    DefineCustomBoolVariable(
        "footfall.debug_ignore_tombstones",
        "Developer setting: show deleted rows of segments. Answers are wrong while it is on.",
        nullptr, &debugIgnoreTombstones, false, PGC_SUSET, GUC_NOT_IN_SAMPLE, nullptr, nullptr,
        nullptr);
    DefineCustomStringVariable(
        "footfall.failpoint", "Developer setting: 'name:action' with action error, crash or sleep.",
        nullptr, &failpointSpec, "", PGC_SUSET, GUC_NOT_IN_SAMPLE, nullptr, nullptr, nullptr);
    MarkGUCPrefixReserved("footfall");
}

void failpoint(const char* name) {
    if (failpointSpec == nullptr || failpointSpec[0] == '\0') {
        return;
    }
    std::size_t length = strlen(name);
    if (strncmp(failpointSpec, name, length) != 0 || failpointSpec[length] != ':') {
        return;
    }
    const char* action = failpointSpec + length + 1;
    if (strcmp(action, "crash") == 0) {
        kill(getpid(), SIGKILL);
    } else if (strcmp(action, "sleep") == 0) {
        for (int i = 0; i < 100; i++) {
            CHECK_FOR_INTERRUPTS();
            pg_usleep(10000);
        }
    } else {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("failpoint \"%s\"", name)));
    }
}

}  // namespace footfall::module
