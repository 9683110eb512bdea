// Settings of footfall.configure, as the storage needs them.
//
// A setting of a partitioned table holds for its partitions that have none of their own.
#pragma once

#include "extension/catalog/catalog_table.h"

namespace footfall::catalog {

inline constexpr int kMaxOrderKeys = 8;

// The order key of a table as attribute numbers; returns how many. A column that the table does not have (any more)
// ends the key.
int orderKey(Relation relation, AttrNumber* attributes);

// Value of a setting in the current context, or nullptr. `relation` itself first, then its partition ancestors.
char* settingOf(Oid relation, const char* name);

// Removes the settings of a dropped table.
void purgeSettings(Oid relation);

}  // namespace footfall::catalog
