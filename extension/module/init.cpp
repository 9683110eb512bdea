// What happens when footfall.so is loaded: by shared_preload_libraries, or by the first touch of a
// footfall table.
#include "extension/catalog/ddl_hooks.h"
#include "extension/catalog/setting_ddl.h"
#include "extension/module/settings.h"
#include "extension/planner/aggregate_path.h"
#include "extension/planner/ordered_path.h"
#include "extension/planner/partition_statistics.h"
#include "extension/planner/scan_path.h"
#include "extension/reports/inlined_report.h"
#include "extension/storage/bulk_load.h"
#include "extension/storage/archived_objects.h"
#include "extension/storage/segment_cache.h"
#include "extension/worker/launcher.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

// Opening a segment takes some megabytes and gives them back at its end. By default glibc returns
// such memory to the system each time, and the next query pays for it page by page: a third of the
// time of a customer's look-up. A backend keeps up to this much instead.
void keepFreedMemory() {
#ifdef __GLIBC__
    constexpr int kKeptBytes = 16 << 20;
    mallopt(M_TRIM_THRESHOLD, kKeptBytes);
    mallopt(M_MMAP_THRESHOLD, kKeptBytes / 2);
#endif
}

}  // namespace

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
    keepFreedMemory();
    footfall::module::defineSettings();
    footfall::storage::initBulkLoad();
    footfall::storage::initSegmentCache();
    footfall::storage::initArchivedObjects();
    footfall::catalog::installDdlHooks();
    footfall::catalog::installSettingHook();
    footfall::planner::installPlannerHooks();
    footfall::planner::installAggregateHook();
    footfall::planner::installOrderedPathHook();
    footfall::planner::installStatisticsHook();
    footfall::reports::installReportInlining();
    // A cluster that pg_upgrade works on runs nobody's jobs.
    if (process_shared_preload_libraries_in_progress && !IsBinaryUpgrade) {
        footfall::worker::installLauncher();
    }
}
}
