// See read_cost.h.
#include "extension/planner/read_cost.h"

namespace footfall::planner {

double columnShare(const RelOptInfo* relation, const Bitmapset* needed) {
    const bool wholeRow = bms_is_member(-FirstLowInvalidHeapAttributeNumber, needed);
    double all = 0;
    double used = 0;
    for (int attribute = Max(relation->min_attr, 1); attribute <= relation->max_attr; attribute++) {
        const double width = Max(relation->attr_widths[attribute - relation->min_attr], 4);
        all += width;
        if (wholeRow || bms_is_member(attribute - FirstLowInvalidHeapAttributeNumber, needed)) {
            used += width;
        }
    }
    return all > 0 ? Max(used / all, 0.02) : 1.0;
}

double columnShare(const RelOptInfo* relation, const List* attributes) {
    Bitmapset* needed = nullptr;
    const ListCell* cell;
    foreach (cell, attributes) {
        needed = bms_add_member(needed, lfirst_int(cell) - FirstLowInvalidHeapAttributeNumber);
    }
    const double share = columnShare(relation, needed);
    bms_free(needed);
    return share;
}

double parallelDivisor(int workers) {
    if (workers <= 0) {
        return 1;
    }
    const double leader = parallel_leader_participation ? Max(1.0 - 0.3 * workers, 0.0) : 0;
    return workers + leader;
}

}  // namespace footfall::planner
