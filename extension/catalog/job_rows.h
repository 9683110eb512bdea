// Removing what is remembered of the jobs of a table that goes.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::catalog {

// Rows of footfall.job and footfall.job_run of a relation, as the current command.
void purgeJobs(Oid relation);

}  // namespace footfall::catalog
