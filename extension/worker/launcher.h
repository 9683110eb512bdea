// The launcher: one background process per cluster, when footfall is in shared_preload_libraries.
//
// The idea: it is connected to no database, so it is in nobody's way, and knows of each only when
// to look next. At that time it starts a worker there (job_worker.h), which runs what is due, says
// when to look again, and ends. When a worker has been at one job for a moment and others wait
// behind it, another one comes to help, up to footfall.max_workers in the cluster.
//
// A database is looked at when a job of it is due, when a session has configured a table
// (module/worker_slots.h), and after footfall.launcher_interval at the latest. Where a worker ended
// in an ERROR, the pauses grow.
//
// It reads the list of databases and nothing else, and keeps nothing that a restart would lose:
// what has run and what is due is in each database's footfall.job.
#pragma once

namespace footfall::worker {

// From _PG_init, while shared_preload_libraries are loaded.
void installLauncher();

}  // namespace footfall::worker
