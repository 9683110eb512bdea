// Locks that are tried for a moment, several times: whoever comes after us in the queue waits no
// longer than one try. Gives up with 55P03, and a job tries again later.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::partition {

// Within enterAsOwner(), whose lock_timeout is the length of a try.
void lockBriefly(Oid relation, LOCKMODE mode);

}  // namespace footfall::partition
