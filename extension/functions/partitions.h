// The leaf tables of a relation that are footfall tables: itself, or its partitions; and who may
// ask for what.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::functions {

// OIDs of the footfall tables below `relation` (itself when it is one), each locked in `mode`, in
// partition order. The caller must own `relation` (42501 otherwise). A relation that is neither a
// footfall table nor partitioned is an error that says how to make it one; partitions of other
// access methods are left out.
List* ownedFootfallTables(Oid relation, LOCKMODE mode);

// The same without a look at privileges.
List* footfallTables(Oid relation, LOCKMODE mode);

// Whether the current user owns the relation, as a member of the owning role or a superuser.
bool ownsRelation(Oid relation);

// 42501 unless the current user owns the relation.
void requireOwner(Oid relation);

// 42501 where row security applies to the current user: who may not see every row learns nothing
// about all rows.
void refuseUnderRowSecurity(Oid relation);

// The first argument of a function of a relation: it is there, and a relation with that OID exists.
Oid existingRelation(FunctionCallInfo fcinfo);

// 0A000 for temporary tables of other sessions, which are in those sessions' memory, and on a
// standby for unlogged tables, which have no files there.
void requireLocalRelation(Relation relation);

}  // namespace footfall::functions
