// What jobs do to one leaf table of a managed table, a step at a time.
#pragma once

#include "extension/catalog/job_record.h"
#include "extension/functions/maintenance.h"
#include "extension/pg/pg.h"

namespace footfall::worker {

using catalog::JobResult;

// Keeps the first of several errors. True when there is one to stop at.
bool failed(JobResult* result, ErrorData* failure);
// Whether a step gave up because somebody else is using the table.
bool inUse(const ErrorData* failure);
bool isCancel(const JobResult* result);

// The footfall tables at or below a relation that its owner owns; `others` counts those that
// somebody else owns.
List* leavesOf(Oid relation, int* others = nullptr);
// What a job has done, and that it left tables of other owners out.
char* describeDone(const char* done, int others);
// Whether the table is still there; it is locked then as seal and compact lock it.
bool lockLeaf(Oid leaf);

struct CompactionRun {
    Oid relation;
    JobResult* result;
    bool busy;
};

// For functions::compactInSteps: a step as the owner of run->relation.
functions::Outcome compactionStepOfJob(Oid table, functions::Step step, void* run);

}  // namespace footfall::worker
