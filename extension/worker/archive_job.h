// The job "archive" of a managed table: by age, and by local size, oldest partitions first.
#pragma once

#include "extension/catalog/job_record.h"
#include "extension/pg/pg.h"

namespace footfall::worker {

void runArchive(Oid relation, TimestampTz now, catalog::JobResult* result);

}  // namespace footfall::worker
