// Rows of footfall.fast_default: what rows of a segment without a column hold, once VACUUM FULL has
// taken the fast default out of pg_attribute (a heap's rewritten tuples have the value
// materialised, segments are copied as they are).
//
// Read as of now, not under a scan's snapshot: the value was decided when the column was added,
// before any segment that lacks it could be read by whoever sees the column.
#pragma once

#include "extension/catalog/catalog_table.h"

namespace footfall::catalog {

// The saved value, in the current context; NULL when there is none.
Datum findFastDefault(Oid storage, Form_pg_attribute attribute, bool* null);

// Saves the fast defaults that `relation` has in pg_attribute now.
void saveFastDefaults(Relation relation);

}  // namespace footfall::catalog
