// See leaf_relations.h.
#include "extension/planner/leaf_relations.h"

#include "extension/storage/rewrite.h"

namespace footfall::planner {

namespace {

bool isFootfall(Oid table) {
    Relation relation = table_open(table, NoLock);
    const bool footfall = storage::isFootfallTable(relation);
    table_close(relation, NoLock);
    return footfall;
}

// The child's number for each of the parent's; empty when one is not a column of it.
List* translate(const AppendRelInfo* info, List* attributes, bool* complete) {
    List* translated = NIL;
    ListCell* cell;
    foreach (cell, attributes) {
        const int number = lfirst_int(cell);
        if (number <= 0) {
            translated = lappend_int(translated, number);
            continue;
        }
        auto* var = static_cast<Node*>(list_nth(info->translated_vars, number - 1));
        if (var == nullptr || !IsA(var, Var)) {
            *complete = false;
            return NIL;
        }
        translated = lappend_int(translated, reinterpret_cast<Var*>(var)->varattno);
    }
    return translated;
}

void collect(PlannerInfo* root, Index index, List* attributes, LeafRelations* leaves) {
    check_stack_depth();
    RangeTblEntry* entry = planner_rt_fetch(index, root);
    RelOptInfo* relation = root->simple_rel_array[index];
    if (relation == nullptr || IS_DUMMY_REL(relation)) {
        return;
    }
    if (!entry->inh) {
        const bool table = entry->rtekind == RTE_RELATION && (entry->relkind == RELKIND_RELATION ||
                                                              entry->relkind == RELKIND_MATVIEW);
        const bool footfall = table && isFootfall(entry->relid);
        leaves->footfall = leaves->footfall && footfall;
        leaves->anyFootfall = leaves->anyFootfall || footfall;
        leaves->indexes = lappend_int(leaves->indexes, static_cast<int>(index));
        leaves->attributes = lappend(leaves->attributes, attributes);
        return;
    }
    ListCell* cell;
    foreach (cell, root->append_rel_list) {
        auto* info = lfirst_node(AppendRelInfo, cell);
        if (info->parent_relid != index) {
            continue;
        }
        bool complete = true;
        List* translated = translate(info, attributes, &complete);
        leaves->footfall = leaves->footfall && complete;
        collect(root, info->child_relid, translated, leaves);
    }
}

}  // namespace

LeafRelations findLeaves(PlannerInfo* root, RelOptInfo* relation, List* attributes) {
    LeafRelations leaves = {NIL, NIL, true, false};
    collect(root, relation->relid, attributes, &leaves);
    return leaves;
}

}  // namespace footfall::planner
