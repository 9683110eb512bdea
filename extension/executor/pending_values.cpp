// See pending_values.h.
#include "extension/executor/pending_values.h"

#include "extension/executor/aggregate_setup.h"
#include "extension/executor/leaf_ranges.h"

namespace footfall::executor {

namespace {

// Columns are not asked for.
bool hasRowInLeaf(Relation relation, Snapshot snapshot, storage::ScanFilter* filter) {
    TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
    storage::setScanFilter(scan, filter);
    BatchCounters ignored = {};
    BatchSource* source = BatchSource::create(relation, scan, NIL, &ignored);
    scan::Selection selection;
    while (selection.empty() && source->next(selection)) {
    }
    source->close();
    table_endscan(scan);
    return !selection.empty();
}

}  // namespace

bool hasPendingValues(const CustomScanState* node) {
    const auto* plan = reinterpret_cast<const CustomScan*>(node->ss.ps.plan);
    const ListCell* cell;
    foreach (cell, plan->custom_exprs) {
        const auto* parameter = lfirst_node(Param, cell);
        if (parameter->paramkind == PARAM_EXEC &&
            node->ss.ps.state->es_param_exec_vals[parameter->paramid].execPlan != nullptr) {
            return true;
        }
    }
    return false;
}

bool hasRow(const AggregatePlan& plan, const Relation* relations, Snapshot snapshot,
            const storage::ScanFilter& filter, AggregateCounters* counters) {
    const int leaves = list_length(plan.leaves);
    auto** filters = static_cast<storage::ScanFilter**>(
        palloc(sizeof(storage::ScanFilter*) * static_cast<Size>(Max(leaves, 1))));
    for (int i = 0; i < leaves; i++) {
        filters[i] = leafFilter(plan, filter, i);
        if (!isRemoved(plan, i) && hasRowInLeaf(relations[i], snapshot, filters[i])) {
            return true;
        }
    }
    for (int i = 0; i < leaves; i++) {
        counters->addPruning(*filters[i]);
    }
    return false;
}

void checkFunctions(const AggregatePlan& plan, PlanState* planState) {
    ExecInitExprList(plan.filters, planState);
    ExecInitExprList(plan.keys, planState);
    const ListCell* cell;
    foreach (cell, plan.aggregates) {
        const auto* aggref = lfirst_node(Aggref, cell);
        const ListCell* argument;
        foreach (argument, aggref->args) {
            ExecInitExpr(lfirst_node(TargetEntry, argument)->expr, planState);
        }
        ExecInitExpr(aggref->aggfilter, planState);
    }
}

}  // namespace footfall::executor
