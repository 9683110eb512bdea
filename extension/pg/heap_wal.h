// The heap's own WAL records, for what does to a page what VACUUM does before PostgreSQL 17 has a
// function for it.
#pragma once

#include "extension/pg/pg.h"

#if PG_VERSION_NUM < 170000
extern "C" {
#include <access/heapam_xlog.h>
}
#endif
