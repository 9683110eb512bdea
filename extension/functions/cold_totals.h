// What of a table's segments is in archives.
#pragma once

#include "extension/catalog/segment_row.h"

namespace footfall::functions {

struct ColdTotals {
    int64 segments;
    int64 rows;     // live
    int64 deleted;  // deleted, and in the archive until they are archived anew
    int64 bytes;    // of the objects that hold them
};

// Of the cold ones among the segments that the snapshot sees. From the catalog alone: no store is
// asked.
ColdTotals coldTotals(Oid storage, bool unlogged, const catalog::SegmentList& segments,
                      Snapshot snapshot);

}  // namespace footfall::functions
