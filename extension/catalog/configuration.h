// Settings of footfall.configure, as the storage and the planner need them.
//
// Rows of footfall.setting: one per relation and setting. A setting of a partitioned table holds
// for its partitions that have none of their own. Columns are kept by name, because the table is
// dumped and attribute numbers differ after a restore; setting_ddl.h keeps the names in step with
// renames and drops.
#pragma once

#include "extension/catalog/catalog_table.h"

namespace footfall::catalog {

inline constexpr int kMaxOrderKeys = 8;

inline constexpr char kOrderBy[] = "order_by";
inline constexpr char kAmount[] = "amount";
inline constexpr char kTimeColumn[] = "time_column";
inline constexpr char kCustomerColumn[] = "customer_column";

// Whether the value of a setting is the name of a column.
bool isColumnRole(const char* setting);

// The order key of a table as attribute numbers of `relation`; returns how many. It is order_by or,
// when that is not set, the customer column and the time column, if both are known. A column that
// the table does not store ends the key. The transient table of a rewrite has the key of the table
// it will become.
int orderKey(Relation relation, AttrNumber* attributes);

// Value of a setting in the current context, or nullptr: that of `relation`, else of the nearest
// partitioned table above it. `*source`, when asked for, receives whose it is.
char* settingOf(Oid relation, const char* name, Oid* source = nullptr);

struct Setting {
    char* name;
    char* value;
};
// List of Setting*: what is set for the relation itself, in the current context.
List* ownSettings(Oid relation);

// OIDs of the relations that have settings of their own, in the current context. Some may be gone.
List* configuredRelations();

// Sets or replaces a setting of the relation itself, as the current command. The caller holds a
// lock on the relation that conflicts with itself.
void writeSetting(Oid relation, const char* name, const char* value);
// False when the relation itself had none.
bool removeSetting(Oid relation, const char* name);
// Removes all settings of a relation.
void purgeSettings(Oid relation);

// Between a list of char* and the text of a text[], the form in which order_by is stored.
List* parseNames(const char* value);
char* formatNames(List* names);

}  // namespace footfall::catalog
