// What happens when footfall.so is loaded: by shared_preload_libraries, or by the first touch of a
// footfall table.
#include "extension/catalog/ddl_hooks.h"
#include "extension/catalog/setting_ddl.h"
#include "extension/module/settings.h"
#include "extension/planner/scan_path.h"
#include "extension/storage/bulk_load.h"
#include "extension/storage/segment_cache.h"

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
    footfall::module::defineSettings();
    footfall::storage::initBulkLoad();
    footfall::storage::initSegmentCache();
    footfall::catalog::installDdlHooks();
    footfall::catalog::installSettingHook();
    footfall::planner::installPlannerHooks();
}
}
