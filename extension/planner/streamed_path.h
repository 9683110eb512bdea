// The paths of a FootfallAggregate that streams customers, as other parts of the planner see them.
#pragma once

#include "extension/executor/aggregate_plan.h"
#include "extension/pg/pg.h"

namespace footfall::planner {

const CustomPathMethods* streamedPathMethods();
Path* withoutProjection(Path* path);
// Whether the path's rows come from such an aggregate, each of its groups once in all processes.
bool isStreamedPath(Path* path);

}  // namespace footfall::planner
