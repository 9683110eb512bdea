// The segments that single rows were fetched from last, kept open for the rest of the transaction.
//
// UPDATE and row triggers fetch each old row by its address; opening a segment for each of them
// would read its chunks again and again. A segment's content never changes and its number is not
// given to another one while the transaction runs, so an open one can be used again by whoever has
// found that its snapshot sees the segment. Tombstones are not part of it: callers ask for them row
// by row.
#pragma once

#include "extension/pg/pg.h"
#include "extension/storage/sealed_segment.h"

namespace footfall::storage {

// The open segment for rows in `descriptor`; read without tombstones. Valid until the next call.
SealedSegment* cachedSegment(Relation relation, const catalog::SegmentRow& row,
                             TupleDesc descriptor);

// Installs the transaction callback, once per backend.
void initSegmentCache();

}  // namespace footfall::storage
