// See pruning_estimate.h.
//
// Where a column's values follow the physical order (pg_statistic's correlation), a clause leaves
// about as many blocks as it leaves rows; elsewhere matching rows are spread over all blocks.
#include "extension/planner/pruning_estimate.h"

#include "engine/segment/segment_meta.h"
#include "extension/planner/pruning_clause.h"

namespace footfall::planner {

namespace {

// How well the column follows the physical order, squared; 0 without statistics.
double correlationSquared(Oid table, AttrNumber attribute) {
    HeapTuple tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(table),
                                      Int16GetDatum(attribute), BoolGetDatum(false));
    if (!HeapTupleIsValid(tuple)) {
        return 0;
    }
    AttStatsSlot slot;
    double correlation = 0;
    if (get_attstatsslot(&slot, tuple, STATISTIC_KIND_CORRELATION, InvalidOid,
                         ATTSTATSSLOT_NUMBERS)) {
        correlation = slot.nnumbers > 0 ? static_cast<double>(slot.numbers[0]) : 0;
        free_attstatsslot(&slot);
    }
    ReleaseSysCache(tuple);
    return correlation * correlation;
}

double shareOfClause(PlannerInfo* root, RelOptInfo* relation, Oid table, RestrictInfo* info,
                     const PruningClause& clause) {
    const double sorted = correlationSquared(table, clause.attribute);
    if (sorted == 0) {
        return 1;
    }
    const double selectivity =
        clause_selectivity(root, reinterpret_cast<Node*>(info), static_cast<int>(relation->relid),
                           JOIN_INNER, nullptr);
    // A run of matching rows touches two blocks at its ends.
    const double ends = 2.0 * segment::kBlockRows / Max(relation->tuples, 1.0);
    return sorted * Min(selectivity + ends, 1.0) + (1 - sorted);
}

}  // namespace

double shareAfterPruning(PlannerInfo* root, RelOptInfo* relation, Oid table) {
    double share = 1;
    ListCell* cell;
    foreach (cell, relation->baserestrictinfo) {
        auto* info = static_cast<RestrictInfo*>(lfirst(cell));
        PruningClause clause;
        if (matchPruningClause(info, relation, &clause)) {
            share = Min(share, shareOfClause(root, relation, table, info, clause));
        }
    }
    return share;
}

}  // namespace footfall::planner
