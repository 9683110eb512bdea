// How large a footfall table is: for the planner, for vacuum, and for ANALYZE, which starts from
// the heap's blocks.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

// Whether the table has any segment as of now; one index look-up.
bool hasSegments(Relation relation);

// Rows and pages for the planner: heap pages and the segments' bytes as pages.
void estimateSize(Relation relation, int32* attributeWidths, BlockNumber* pages, double* tuples,
                  double* allVisible);

// Gives a table whose rows are all in segments one empty heap block: ANALYZE samples blocks, and
// would otherwise see an empty table.
void ensureMainForkBlock(Relation relation);

// VACUUM: the heap's, then reltuples with the segments' rows included.
void vacuumRelation(Relation relation, VacuumParams* params, BufferAccessStrategy strategy);

}  // namespace footfall::storage
