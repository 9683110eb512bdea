// Rows of footfall.archive_object: the manifest of what is in archives.
//
// A row goes through the states in order; each change is a transaction of its own, made before and
// after what happens outside the database, so that a rerun knows where to go on:
//
//   planned    segments are chosen, nothing is known to be in the store
//   uploaded   the object is there and was read back
//   committed  the table's Delta log may name it (and does when nothing interfered)
//   switched   the segments are cold: their rows are read from it
//   leaving    nobody new reads it: it goes out of the log, and later out of the store
//   returning  as leaving; an erase brought its rows back and is to archive them again
//
// Where an object is (server, folder, key) and its bytes never change once it is uploaded. Segments
// are told by number and fingerprint: the rows of a segment never change, but a number may be used
// again when every trace of its last holder is gone.
#pragma once

#include "extension/catalog/catalog_table.h"

namespace footfall::catalog {

enum class ObjectState { Planned, Uploaded, Committed, Switched, Leaving, Returning };

// Whether no new snapshot reads the object any more.
inline bool isLeft(ObjectState state) {
    return state == ObjectState::Leaving || state == ObjectState::Returning;
}

struct ArchiveObject {
    ItemPointerData tid;  // of the manifest's row
    Oid storage;          // InvalidOid: the table is gone
    int64 id;
    Oid relation;
    Oid root;  // the partitioned table at the top, or the table itself
    char* server;
    char* folder;  // of the Delta table, below the server's location; ends in a slash
    char* log;     // the Delta table's id
    char* key;     // below the folder
    ObjectState state;
    int segmentCount;
    int32* segments;      // in the order of the row groups
    int32* deleted;       // tombstones they had when they were planned
    int64* fingerprints;  // what they were then (segment_row.h)
    int attributeCount;
    int16* attributes;  // the table's attribute number of each column of the object
    int64 rows;
    int64 bytes;
    char* sha256;            // nullptr: not uploaded yet
    int64 checksums;         // of the row groups in its footer; 0: not uploaded yet
    TimestampTz verifiedAt;  // 0: never
    TimestampTz changedAt;   // 0 in a row to be written: the time of the writing
    int32 attempt;
};

struct ArchiveObjectList {
    int count;
    ArchiveObject* rows;  // by storage and id
};

const char* stateName(ObjectState state);

// The objects of a storage, or of all with `everything`, as of now.
ArchiveObjectList listArchiveObjects(Oid storage, bool everything = false);
// Where an object is, for whoever reads a cold segment under any snapshot: of its state nothing is
// promised. False when there is no such object.
bool findArchiveObject(Oid storage, int64 id, ArchiveObject* object);

// Whether the manifest names the object now, whatever the caller's snapshot.
bool hasArchiveObject(Oid storage, int64 id);

// A number no other object has.
int64 nextArchiveObject();
void insertArchiveObject(const ArchiveObject& object);
// Replaces the row that has changed.tid; 40001 when another transaction was faster.
void changeArchiveObject(const ArchiveObject& changed);
void removeArchiveObject(const ArchiveObject& object);
// Counts an attempt at what the object's state asks for; the state is as old as before.
void countAttempt(const ArchiveObject& object);

// The table is gone or empty: its objects are to leave.
void forsakeArchiveObjects(Oid storage);

}  // namespace footfall::catalog
