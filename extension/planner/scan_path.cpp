// See scan_path.h.
//
// Costs follow cost_seqscan, with two differences: pages are read only for the columns that the
// query needs, and only in blocks that pruning leaves (pruning_estimate.h).
#include "extension/planner/scan_path.h"

#include "extension/executor/footfall_scan.h"
#include "extension/executor/scan_predicates.h"
#include "extension/module/settings.h"
#include "extension/planner/pruning_clause.h"
#include "extension/planner/pruning_estimate.h"
#include "extension/planner/read_cost.h"
#include "extension/storage/relation_size.h"
#include "extension/storage/rewrite.h"

namespace footfall::planner {

namespace {

set_rel_pathlist_hook_type previousPathHook = nullptr;

// Attribute numbers that the query takes from the relation, offset as pull_varattnos does.
Bitmapset* neededAttributes(RelOptInfo* relation) {
    Bitmapset* needed = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(relation->reltarget->exprs), relation->relid, &needed);
    ListCell* cell;
    foreach (cell, relation->baserestrictinfo) {
        auto* clause = static_cast<RestrictInfo*>(lfirst(cell));
        pull_varattnos(reinterpret_cast<Node*>(clause->clause), relation->relid, &needed);
    }
    return needed;
}

// System columns other than ctid and tableoid exist only in heap tuples.
bool needsHeapTuple(Bitmapset* needed) {
    int member = -1;
    while ((member = bms_next_member(needed, member)) >= 0) {
        const int attribute = member + FirstLowInvalidHeapAttributeNumber;
        if (attribute < 0 && attribute != SelfItemPointerAttributeNumber &&
            attribute != TableOidAttributeNumber) {
            return true;
        }
    }
    return false;
}

// Whether the executor's batches can be filtered by the clause. One from behind a security barrier
// stays in the node's qual, which is checked after the batch filters.
bool isBatchFilter(RestrictInfo* info, RelOptInfo* relation) {
    auto* clause = reinterpret_cast<Node*>(info->clause);
    if (!module::enableVectorized || info->pseudoconstant ||
        info->security_level > relation->baserestrict_min_security ||
        contain_volatile_functions(clause) || contain_subplans(clause)) {
        return false;
    }
    Bitmapset* attributes = nullptr;
    pull_varattnos(clause, relation->relid, &attributes);
    int member = -1;
    while ((member = bms_next_member(attributes, member)) >= 0) {
        const int number = member + FirstLowInvalidHeapAttributeNumber;
        if (number <= 0 && number != TableOidAttributeNumber) {
            return false;
        }
    }
    return true;
}

// Turns the path into a CustomScan node.
Plan* planScan(PlannerInfo*, RelOptInfo* relation, CustomPath* path, List* targetList,
               List* clauses, List*) {
    auto* scan = makeNode(CustomScan);
    List* predicateValues = NIL;
    List* predicates = NIL;
    List* filters = NIL;
    List* others = NIL;
    ListCell* cell;
    foreach (cell, clauses) {
        auto* info = static_cast<RestrictInfo*>(lfirst(cell));
        PruningClause clause;
        if (matchPruningClause(info, relation, &clause)) {
            predicateValues = lappend(predicateValues, clause.value);
            predicates =
                lappend(predicates, executor::describePredicate(clause.attribute, clause.comparison,
                                                                clause.array, clause.valueType));
        }
        if (isBatchFilter(info, relation)) {
            filters = lappend(filters, info->clause);
        } else {
            others = lappend(others, info);
        }
    }
    executor::describeScanPlan(scan, predicateValues, predicates, filters);
    scan->scan.plan.targetlist = targetList;
    scan->scan.plan.qual = extract_actual_clauses(others, false);
    scan->scan.scanrelid = relation->relid;
    scan->flags = path->flags;
    scan->methods = executor::scanMethods();
    return &scan->scan.plan;
}

const CustomPathMethods pathMethods = {"FootfallScan", planScan, nullptr};

CustomPath* makePath(PlannerInfo* root, RelOptInfo* relation, Oid table, Bitmapset* needed,
                     int workers) {
    const double left = shareAfterPruning(root, relation, table);
    auto* path = makeNode(CustomPath);
    path->path.pathtype = T_CustomScan;
    path->path.parent = relation;
    path->path.pathtarget = relation->reltarget;
    path->path.param_info = nullptr;
    path->path.parallel_aware = workers > 0;
    path->path.parallel_safe = relation->consider_parallel;
    path->path.parallel_workers = workers;
    path->path.pathkeys = NIL;
    path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
    path->methods = &pathMethods;

    const QualCost& qual = relation->baserestrictcost;
    const QualCost& target = relation->reltarget->cost;
    const double pages = Max(relation->pages * columnShare(relation, needed) * left, 1.0);
    double disk = seq_page_cost * pages;
    double cpu = (cpu_tuple_cost + qual.per_tuple) * relation->tuples * left;
    double rows = relation->rows;
    if (workers > 0) {
        const double divisor = parallelDivisor(workers);
        cpu /= divisor;
        rows = clamp_row_est(rows / divisor);
    }
    path->path.rows = rows;
    // Under require_vectorized the scan is all but free.
    const double factor = module::requireVectorized ? 1e-6 : 1;
    path->path.startup_cost = (qual.startup + target.startup) * factor;
    path->path.total_cost =
        (qual.startup + target.startup + disk + cpu + target.per_tuple * rows) * factor;
    return path;
}

// A table that has no segments, or none yet, is scanned as the heap that it is.
bool isWorthIt(Oid table) {
    Relation relation = table_open(table, NoLock);
    const bool worth = storage::isFootfallTable(relation) && storage::hasSegments(relation);
    table_close(relation, NoLock);
    return worth;
}

// TID scans and TID range scans read less than any filter of ours.
bool restrictsAddress(RelOptInfo* relation) {
    Bitmapset* attributes = nullptr;
    ListCell* cell;
    foreach (cell, relation->baserestrictinfo) {
        auto* clause = static_cast<RestrictInfo*>(lfirst(cell));
        pull_varattnos(reinterpret_cast<Node*>(clause->clause), relation->relid, &attributes);
    }
    return bms_is_member(SelfItemPointerAttributeNumber - FirstLowInvalidHeapAttributeNumber,
                         attributes);
}

// WHERE CURRENT OF asks for the one row of a cursor, which only a TID scan finds.
bool isCurrentOf(RelOptInfo* relation) {
    ListCell* cell;
    foreach (cell, relation->baserestrictinfo) {
        if (IsA(lfirst_node(RestrictInfo, cell)->clause, CurrentOfExpr)) {
            return true;
        }
    }
    return false;
}

// Whether the relation is changed in a way that the scan does not serve. DELETE needs no more than
// addresses, and reads as little as a query does, unless it joins: of an archive, that is what
// counts.
bool isChanged(PlannerInfo* root, RelOptInfo* relation, Index rti) {
    return bms_is_member(static_cast<int>(rti), root->all_result_relids) &&
           (root->parse->commandType != CMD_DELETE || isCurrentOf(relation));
}

void offerPaths(PlannerInfo* root, RelOptInfo* relation, Index rti, RangeTblEntry* entry) {
    if (previousPathHook != nullptr) {
        previousPathHook(root, relation, rti, entry);
    }
    if (!module::enableScan || entry->rtekind != RTE_RELATION || entry->inh ||
        entry->tablesample != nullptr ||
        (entry->relkind != RELKIND_RELATION && entry->relkind != RELKIND_MATVIEW) ||
        isChanged(root, relation, rti) || root->parse->rowMarks != NIL || root->rowMarks != NIL ||
        IS_DUMMY_REL(relation) || restrictsAddress(relation) || !isWorthIt(entry->relid)) {
        return;
    }
    // A lateral reference would make the scan depend on another relation.
    if (!bms_is_empty(relation->lateral_relids)) {
        return;
    }
    Bitmapset* needed = neededAttributes(relation);
    if (needsHeapTuple(needed)) {
        return;
    }
    add_path(relation, &makePath(root, relation, entry->relid, needed, 0)->path);
    if (relation->consider_parallel) {
        const int workers =
            compute_parallel_worker(relation, relation->pages, -1, max_parallel_workers_per_gather);
        if (workers > 0) {
            add_partial_path(relation,
                             &makePath(root, relation, entry->relid, needed, workers)->path);
        }
    }
}

}  // namespace

bool isScannedFast(RelOptInfo* relation, Oid table) {
    ListCell* cell;
    foreach (cell, relation->pathlist) {
        if (IsA(lfirst(cell), CustomPath) &&
            lfirst_node(CustomPath, cell)->methods == &pathMethods) {
            return true;
        }
    }
    return !isWorthIt(table);
}

void installPlannerHooks() {
    previousPathHook = set_rel_pathlist_hook;
    set_rel_pathlist_hook = offerPaths;
    executor::registerScan();
}

}  // namespace footfall::planner
