// See streamed_path.h.
#include "extension/planner/streamed_path.h"

#include "extension/executor/footfall_aggregate.h"
#include "extension/planner/aggregate_plan_list.h"

namespace footfall::planner {

namespace {

Plan* planStreamed(PlannerInfo* root, RelOptInfo*, CustomPath* path, List* targetList, List*,
                   List*) {
    auto* scan = makeNode(CustomScan);
    executor::describeAggregatePlan(scan, unpackPlan(path->custom_private));
    scan->scan.plan.targetlist = targetList;
    scan->scan.plan.qual =
        static_cast<List*>(copyObjectImpl(reinterpret_cast<List*>(root->parse->havingQual)));
    scan->scan.scanrelid = 0;
    scan->flags = path->flags;
    scan->methods = executor::aggregateMethods();
    return &scan->scan.plan;
}

const CustomPathMethods pathMethods = {"FootfallAggregate", planStreamed, nullptr};

}  // namespace

const CustomPathMethods* streamedPathMethods() {
    return &pathMethods;
}

Path* withoutProjection(Path* path) {
    while (IsA(path, ProjectionPath)) {
        path = reinterpret_cast<ProjectionPath*>(path)->subpath;
    }
    return path;
}

bool isStreamedPath(Path* path) {
    path = withoutProjection(path);
    return IsA(path, CustomPath) && reinterpret_cast<CustomPath*>(path)->methods == &pathMethods;
}

}  // namespace footfall::planner
