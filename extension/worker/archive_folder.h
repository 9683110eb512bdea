// Keeping the folders of a table's archive as the manifest says.
//
// The manifest is what counts. A restore to a point in time, a failover that lost commits, DROP,
// TRUNCATE and rewrites change it without a word to the store, and the log then names objects whose
// rows other engines would count twice, or lacks some. Whoever calls holds the lock of the root.
#pragma once

#include "extension/catalog/job_record.h"
#include "extension/pg/pg.h"

namespace footfall::worker {

// What footfall.archive_vacuum takes by default, in microseconds.
inline constexpr int64 kDefaultGrace = 7 * USECS_PER_DAY;

// The logs of the relation's root name what the manifest does. With a server only there, also in a
// folder of which the manifest knows nothing. With `forgotten` objects that only the log knew are
// removed at once.
void tidyLogs(Oid relation, const char* server, bool forgotten, catalog::JobResult* result);

// What archive_vacuum does, for the folders of one root, as the owner of the relation.
void vacuumFolders(Oid relation, int64 grace, catalog::JobResult* result);

}  // namespace footfall::worker
