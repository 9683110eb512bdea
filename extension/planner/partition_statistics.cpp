// See partition_statistics.h.
//
// A partition's rows are read through the parent by whoever may read the parent, not the partition:
// acl_ok stays false, so that no function that could leak values is shown them. Histograms of one
// partition say little about the partition key over all of them; conditions on that are estimated
// partition by partition anyway, from each one's own statistics.
#include "extension/planner/partition_statistics.h"

#include "extension/planner/leaf_relations.h"

namespace footfall::planner {

namespace {

get_relation_stats_hook_type previousHook = nullptr;

Index indexOf(PlannerInfo* root, const RangeTblEntry* entry) {
    for (int i = 1; i < root->simple_rel_array_size; i++) {
        if (root->simple_rte_array[i] == entry) {
            return static_cast<Index>(i);
        }
    }
    return 0;
}

// The largest leaf, and its number for the attribute.
Oid largestLeaf(PlannerInfo* root, RelOptInfo* relation, AttrNumber attribute, AttrNumber* number) {
    const LeafRelations leaves = findLeaves(root, relation, list_make1_int(attribute));
    if (!leaves.footfall) {
        return InvalidOid;
    }
    Oid table = InvalidOid;
    double most = 0;
    for (int i = 0; i < list_length(leaves.indexes); i++) {
        const int index = list_nth_int(leaves.indexes, i);
        RelOptInfo* leaf = root->simple_rel_array[index];
        if (leaf->tuples > most) {
            most = leaf->tuples;
            table = planner_rt_fetch(index, root)->relid;
            *number = static_cast<AttrNumber>(
                linitial_int(static_cast<List*>(list_nth(leaves.attributes, i))));
        }
    }
    return table;
}

bool offerStatistics(PlannerInfo* root, RangeTblEntry* entry, AttrNumber attribute,
                     VariableStatData* variable) {
    if (previousHook != nullptr && previousHook(root, entry, attribute, variable)) {
        return true;
    }
    if (entry->rtekind != RTE_RELATION || !entry->inh ||
        entry->relkind != RELKIND_PARTITIONED_TABLE || attribute <= 0 ||
        SearchSysCacheExists3(STATRELATTINH, ObjectIdGetDatum(entry->relid),
                              Int16GetDatum(attribute), BoolGetDatum(true))) {
        return false;
    }
    const Index index = root == nullptr ? 0 : indexOf(root, entry);
    RelOptInfo* relation = index == 0 ? nullptr : root->simple_rel_array[index];
    if (relation == nullptr) {
        return false;
    }
    AttrNumber number = InvalidAttrNumber;
    const Oid leaf = largestLeaf(root, relation, attribute, &number);
    if (!OidIsValid(leaf)) {
        return false;
    }
    variable->statsTuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(leaf),
                                           Int16GetDatum(number), BoolGetDatum(false));
    if (!HeapTupleIsValid(variable->statsTuple)) {
        return false;
    }
    variable->freefunc = ReleaseSysCache;
    return true;
}

}  // namespace

void installStatisticsHook() {
    previousHook = get_relation_stats_hook;
    get_relation_stats_hook = offerStatistics;
}

}  // namespace footfall::planner
