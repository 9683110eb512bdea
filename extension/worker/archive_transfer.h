// What happens outside the database for one archived object: its file, the store, the Delta log.
//
// Nothing here reads or writes a catalog, holds a lock or a snapshot; secrets come with the access.
// An ERROR leaves what it has written where a rerun finds or replaces it. Called as a step of a
// job.
#pragma once

#include "extension/archive/server.h"
#include "extension/archive/spool_file.h"
#include "extension/catalog/archive_object.h"
#include "extension/pg/pg.h"
#include "extension/worker/archive_plan.h"

namespace footfall::worker {

struct SpooledObject {
    archive::SpoolFile* file;
    int64 bytes;
    char* sha256;
    int64 checksums;  // archive::Reader::checksums()
};

// Whether another table's Delta log is in the folder.
bool folderIsTaken(const archive::Access& access, const char* folder, const char* log);

// Writes the object's segments, which the active snapshot sees, to a local file in the order of
// their numbers, and reads that back: what Parquet holds is what the segments hold. False when a
// segment is gone.
bool spoolObject(Relation leaf, const catalog::ArchiveObject& object, MemoryContext context,
                 SpooledObject* spooled);

// Uploads the file, reads it back and compares its length and SHA-256.
void uploadObject(const archive::Access& access, const catalog::ArchiveObject& object,
                  const SpooledObject& spooled);

// Downloads an object, which must have the manifest's SHA-256.
archive::SpoolFile* downloadObject(const archive::Access& access,
                                   const catalog::ArchiveObject& object, MemoryContext context);

// Makes the log name the object, if it does not; makes the table, or changes its schema, if need
// be.
void addToLog(const archive::Access& access, const catalog::ArchiveObject& object,
              const char* tableName, const char* schema, const char* partitionColumn,
              const char* partitionName);

// Makes the log not name the object, if it does.
void removeFromLog(const archive::Access& access, const catalog::ArchiveObject& object);

// Empties the local cache of an object that the manifest does not name any more, after that is
// committed.
void forgetObject(const catalog::ArchiveObject& object);

// Makes the log of a folder name what the manifest `all` says: every switched object that is there,
// and nothing that has left or is not known. With `forgotten` the store loses what was not known.
void reconcileLog(const archive::Access& access, const char* folder, const char* log,
                  const catalog::ArchiveObjectList& all, bool forgotten);

// Removes what neither the log nor the manifest names, and what was left half done, older than the
// grace (microseconds). Returns how much that was.
int64 removeStrays(const archive::Access& access, const char* folder, const char* log,
                   const catalog::ArchiveObjectList& all, int64 grace);

// Removes an object that no log names, and what attempts to upload it have left.
void removeObject(const archive::Access& access, const catalog::ArchiveObject& object);

}  // namespace footfall::worker
