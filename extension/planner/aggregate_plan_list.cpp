// See aggregate_plan_list.h.
#include "extension/planner/aggregate_plan_list.h"

namespace footfall::planner {

List* packPlan(const executor::AggregatePlan& plan) {
    List* numbers = list_make4_int(static_cast<int>(plan.mode), static_cast<int>(plan.parent),
                                   plan.customer, static_cast<int>(plan.overGroups));
    List* packed =
        list_make5(numbers, plan.keys, plan.aggregates, plan.filters, plan.predicateValues);
    packed = list_concat(
        packed, list_make4(plan.predicates, plan.leaves, plan.attributes, plan.leafAttributes));
    return list_concat(
        packed, list_make4(plan.dimensions, plan.joinKeys, plan.joinFilters, plan.leafRanges));
}

executor::AggregatePlan unpackPlan(const List* packed) {
    auto part = [packed](int index) { return static_cast<List*>(list_nth(packed, index)); };
    executor::AggregatePlan plan = {};
    plan.mode = static_cast<executor::AggregateMode>(linitial_int(part(0)));
    plan.parent = static_cast<Index>(lsecond_int(part(0)));
    plan.customer = lthird_int(part(0));
    plan.overGroups = lfourth_int(part(0)) != 0;
    plan.keys = part(1);
    plan.aggregates = part(2);
    plan.filters = part(3);
    plan.predicateValues = part(4);
    plan.predicates = part(5);
    plan.leaves = part(6);
    plan.attributes = part(7);
    plan.leafAttributes = part(8);
    plan.dimensions = part(9);
    plan.joinKeys = part(10);
    plan.joinFilters = part(11);
    plan.leafRanges = part(12);
    return plan;
}

}  // namespace footfall::planner
