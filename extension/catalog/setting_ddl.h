// Settings follow DDL: a renamed column keeps its part, a dropped one gives it up, a dropped
// table's settings go.
//
// An object access hook sees every rename and drop, also those that recurse to partitions, with the
// old name still in the caches. The library must be loaded for that: a footfall table loads it when
// it is opened; for a partitioned table without footfall partitions the event trigger footfall_load
// does, before ALTER TABLE runs.
#pragma once

namespace footfall::catalog {

void installSettingHook();

}  // namespace footfall::catalog
