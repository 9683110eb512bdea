// Archiving tables and bringing them back, a step at a time.
//
// The idea: every change of the database is a step, a transaction of its own, and so is what its
// next state needs from outside (worker/archive_transfer.h), with nothing open that others could
// wait for. The manifest (catalog/archive_object.h) is written before and after, so a run that ends
// anywhere, by an ERROR or with the server, is taken up by the next one: a rerun asks the manifest,
// and everything done twice has the effect of once.
//
// Who archives a table holds the job lock of its root for the session (catalog::tryLockJob).
#pragma once

#include "extension/catalog/job_record.h"
#include "extension/pg/pg.h"

namespace footfall::worker {

// The number of the job in its lock, and in the view footfall.jobs.
inline constexpr int kArchiveNumber = 4;

// All of a leaf table goes to the server: sealed, compacted, then archived. Adds to `result` rows
// and bytes, and keeps its first error.
void archiveLeaf(Oid relation, Oid leaf, const char* server, catalog::JobResult* result);

// Seals and compacts what is local of a leaf table, and gives back the space. False after an error.
bool compactLeaf(Oid relation, Oid leaf, catalog::JobResult* result);

// Objects of a leaf table in which rows are deleted come back, so that a compaction can drop them.
// Returns the server they were on, or nullptr.
char* unarchiveDeleted(Oid relation, Oid leaf, catalog::JobResult* result);

// What is leaving the archive of a root table leaves at once: log, store and manifest.
void removeLeft(Oid relation, Oid root, catalog::JobResult* result);

// All archived rows of a leaf table come back; what was begun is taken back.
void unarchiveLeaf(Oid relation, Oid leaf, catalog::JobResult* result);

}  // namespace footfall::worker
