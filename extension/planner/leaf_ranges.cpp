// See leaf_ranges.h.
#include "extension/planner/leaf_ranges.h"

#include "extension/executor/leaf_ranges.h"
#include "extension/executor/value_type.h"

namespace footfall::planner {

namespace {

// The bound's value, as the engine stores it; null where the range is open.
Const* boundOf(const PartitionBoundInfoData* bounds, int index, Oid type) {
    if (index < 0 || index >= bounds->ndatums ||
        bounds->kind[index][0] != PARTITION_RANGE_DATUM_VALUE) {
        return executor::leafBound(0, true);
    }
    const Datum value = bounds->datums[index][0];
    switch (type) {
        case INT2OID:
            return executor::leafBound(DatumGetInt16(value), false);
        case INT4OID:
        case DATEOID:
            return executor::leafBound(DatumGetInt32(value), false);
        default:
            return executor::leafBound(DatumGetInt64(value), false);
    }
}

}  // namespace

List* findLeafRanges(RelOptInfo* relation, const List* leaves) {
    const PartitionBoundInfoData* bounds = relation->boundinfo;
    if (!enable_partition_pruning || relation->part_scheme == nullptr || bounds == nullptr ||
        relation->part_scheme->strategy != PARTITION_STRATEGY_RANGE ||
        relation->part_scheme->partnatts != 1) {
        return NIL;
    }
    auto* key = static_cast<Node*>(linitial(relation->partexprs[0]));
    if (!IsA(key, Var) || !executor::isIntegerInside(exprType(key))) {
        return NIL;
    }
    // The place of each leaf among the bounds. What is not a child by a range of its own (the
    // default partition, a child's child) may hold anything.
    int last = 0;
    const ListCell* cell;
    foreach (cell, leaves) {
        last = Max(last, lfirst_int(cell));
    }
    auto* places = static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(last + 1)));
    std::fill_n(places, last + 1, -1);
    for (int i = 0; i <= bounds->ndatums; i++) {
        const int part = bounds->indexes[i];
        const RelOptInfo* child = part >= 0 ? relation->part_rels[part] : nullptr;
        if (child != nullptr && static_cast<int>(child->relid) <= last) {
            places[child->relid] = i;
        }
    }
    List* ranges = NIL;
    foreach (cell, leaves) {
        const int place = places[lfirst_int(cell)];
        const bool open = place < 0;
        ranges = lappend(ranges, list_make2(boundOf(bounds, open ? -1 : place - 1, exprType(key)),
                                            boundOf(bounds, open ? -1 : place, exprType(key))));
    }
    pfree(places);
    return executor::describeLeafRanges(reinterpret_cast<Var*>(key)->varattno, ranges);
}

}  // namespace footfall::planner
