// See leaf_ranges.h.
#include "extension/executor/leaf_ranges.h"

#include "extension/executor/scan_predicates.h"

namespace footfall::executor {

namespace {

struct LeafRange {
    const Const* least;
    const Const* beyond;
};

bool excludesValue(const LeafRange& range, storage::Comparison comparison, int64 value) {
    const int64 least = DatumGetInt64(range.least->constvalue);
    const int64 beyond = DatumGetInt64(range.beyond->constvalue);
    const bool allGreater = !range.least->constisnull && least > value;
    const bool allAtLeast = !range.least->constisnull && least >= value;
    const bool allLess = !range.beyond->constisnull && beyond <= value;
    switch (comparison) {
        case storage::Comparison::Less:
            return allAtLeast;
        case storage::Comparison::LessEqual:
            return allGreater;
        case storage::Comparison::Equal:
            return allGreater || allLess;
        case storage::Comparison::GreaterEqual:
        case storage::Comparison::Greater:
            return allLess;
    }
    return false;
}

// Whether no row of the range can match.
bool excludes(const LeafRange& range, const storage::ScanPredicate& predicate) {
    for (int i = 0; i < predicate.valueCount; i++) {
        const segment::Scalar& value = predicate.values[i];
        if (value.kind != segment::BoundKind::Integer ||
            !excludesValue(range, predicate.comparison, value.integer)) {
            return false;
        }
    }
    return true;
}

}  // namespace

Const* leafBound(int64 value, bool null) {
    return makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(value), null, true);
}

List* describeLeafRanges(AttrNumber attribute, List* ranges) {
    return lcons(list_make1_int(attribute), ranges);
}

void removeLeaves(AggregatePlan* plan, storage::ScanFilter* filter) {
    plan->removed = nullptr;
    plan->removedCount = 0;
    if (plan->leafRanges == NIL || filter->predicateCount == 0) {
        return;
    }
    const int attribute = linitial_int(linitial_node(List, plan->leafRanges)) - 1;
    computeWithoutQueries(filter, attribute);
    const int leaves = list_length(plan->leaves);
    plan->removed = static_cast<bool*>(palloc0(static_cast<Size>(Max(leaves, 1))));
    for (int leaf = 0; leaf < leaves; leaf++) {
        const auto* bounds = list_nth_node(List, plan->leafRanges, leaf + 1);
        const LeafRange range = {linitial_node(Const, bounds), lsecond_node(Const, bounds)};
        for (int i = 0; i < filter->predicateCount; i++) {
            const storage::ScanPredicate& predicate = filter->predicates[i];
            if (predicate.attribute == attribute && !predicate.late && excludes(range, predicate)) {
                plan->removed[leaf] = true;
            }
        }
        plan->removedCount += plan->removed[leaf] ? 1 : 0;
    }
}

}  // namespace footfall::executor
