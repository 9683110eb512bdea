// See query_repeats.h.
#include "extension/reports/query_repeats.h"

#include "extension/pg/tree_walk.h"

namespace footfall::reports {

namespace {

bool isVolatile(Oid function, void* /*context*/) {
    return func_volatile(function) == PROVOLATILE_VOLATILE;
}

bool changes(Node* node, void* context) {
    if (node == nullptr) {
        return false;
    }
    if (IsA(node, RangeTblEntry)) {
        return reinterpret_cast<RangeTblEntry*>(node)->tablesample != nullptr;
    }
    if (IsA(node, Query)) {
        auto* query = reinterpret_cast<Query*>(node);
        return query->limitCount != nullptr || query->limitOffset != nullptr ||
               query->hasDistinctOn || query->hasWindowFuncs ||
               pg::walkQuery(query, changes, context, QTW_EXAMINE_RTES_BEFORE);
    }
    return IsA(node, NextValueExpr) || check_functions_in_node(node, isVolatile, context) ||
           pg::walkExpression(node, changes, context);
}

}  // namespace

bool queryRepeats(const char* text) {
    List* statements = raw_parser(text, RAW_PARSE_DEFAULT);
    List* queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, statements), text,
                                                       nullptr, 0, nullptr);
    return !changes(reinterpret_cast<Node*>(linitial_node(Query, queries)), nullptr);
}

}  // namespace footfall::reports
