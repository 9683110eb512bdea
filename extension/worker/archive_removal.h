// What has left an archive goes: out of the log, the store, the manifest and the local cache.
//
// The order matters. Before an object's bytes go, a commit that touched its manifest row is on disk
// (announceRemoval): otherwise a crash could bring back a segment's row that reads what is removed.
// The manifest row goes last, so a removal that ends anywhere is done again by the next.
#pragma once

#include "extension/archive/server.h"
#include "extension/catalog/archive_object.h"
#include "extension/catalog/job_record.h"
#include "extension/pg/pg.h"

namespace footfall::worker {

// The three parts of removing one object, each in a transaction of the caller's: the first with a
// snapshot and committed durably, the second without, the third with a snapshot. forgetRemoved says
// whether the manifest still had the object as one that has left.
void announceRemoval(const catalog::ArchiveObject& object);
void removeFromStore(const archive::Access& access, const catalog::ArchiveObject& object);
bool forgetRemoved(const catalog::ArchiveObject& object);

// What a leaf table has left in archives goes at once: log, store and manifest. Without a leaf:
// what partitions of the relation's tree that are gone have left.
void removeLeft(Oid relation, Oid leaf, catalog::JobResult* result);

// The same of all that has left the archives of the relation's root before a moment.
void removeLeftBefore(Oid relation, TimestampTz before, catalog::JobResult* result);

}  // namespace footfall::worker
