// footfall's settings (GUCs), and the failpoints of crash tests.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::module {

enum LogicalDecoding { kLogicalDecodingAuto, kLogicalDecodingOn, kLogicalDecodingOff };

extern int logicalDecoding;         // footfall.logical_decoding
extern int minSegmentRows;          // footfall.min_segment_rows
extern bool enableScan;             // footfall.enable_scan
extern bool enableVectorized;       // footfall.enable_vectorized
extern bool requireVectorized;      // footfall.require_vectorized
extern int processors;              // footfall.processors; 0: those there are
extern int maxWorkers;              // footfall.max_workers
extern int launcherInterval;        // footfall.launcher_interval, in seconds
extern int archiveCacheSize;        // footfall.archive_cache_size, in MB
extern bool superuserJobs;          // footfall.superuser_jobs
extern int trainingMemory;          // footfall.training_memory, in kilobytes; 0: no limit
extern int maxImportSize;           // footfall.max_import_size, in kB
extern char* allowedEndpoints;      // footfall.allowed_endpoints
extern bool debugIgnoreTombstones;  // footfall.debug_ignore_tombstones, superuser only

void defineSettings();

// Acts as footfall.failpoint ('name:action', action error, crash or sleep) asks when `name` is
// reached.
void failpoint(const char* name);

}  // namespace footfall::module
