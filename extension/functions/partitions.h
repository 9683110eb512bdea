// The leaf tables of a relation that are footfall tables: itself, or its partitions.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::functions {

// OIDs of the footfall tables below `relation` (itself when it is one), each locked in `mode`, in partition order. The
// caller must own `relation` (42501 otherwise). A relation that is neither a footfall table nor partitioned is an
// error that says how to make it one; partitions of other access methods are left out.
List* ownedFootfallTables(Oid relation, LOCKMODE mode);

}  // namespace footfall::functions
