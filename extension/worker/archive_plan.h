// What of a table goes into which archived object.
//
// An object holds up to 16 segments of one leaf table, a row group each, in the order of their
// numbers; all of them have the same columns. It lies in the folder footfall_partition=<leaf>/
// of the Delta table of the root.
#pragma once

#include "engine/archive/archived_column.h"
#include "extension/catalog/archive_object.h"
#include "extension/pg/pg.h"

namespace footfall::worker {

// Where the objects of a root table are: the folder and id of its Delta table.
struct ArchivePlace {
    Oid root;
    char* server;
    char* folder;
    char* log;
    bool known;  // some object of the table is there already
};

// The table at the top of the partition tree.
Oid rootOf(Oid relation);

// The place of the root's objects on a server: as the manifest says, or a new one.
ArchivePlace placeOf(Oid root, const char* server);
// After somebody else's Delta table was found in the folder of a new place: another folder.
void avoidFolder(ArchivePlace* place);

// Plans objects for the local segments of a leaf table that are in no unfinished object. Returns
// how many.
int planObjects(Relation leaf, const ArchivePlace& place);

// A column as other engines see it.
struct ColumnPlan {
    int16 attribute;
    bool dropped;  // not in the Delta table
    char* name;
    archive::Meaning meaning;
    uint8 precision;
    uint8 scale;
};

// The columns of an object, in its order.
ColumnPlan* describeColumns(Relation leaf, const catalog::ArchiveObject& object);
// The schema of the Delta table of a root, as JSON.
char* describeSchema(Relation root);
// The column of every Delta table that names the leaf.
inline constexpr char kPartitionColumn[] = "footfall_partition";
// That name; 42701 when the table has such a column.
char* partitionColumnOf(Relation root);

}  // namespace footfall::worker
