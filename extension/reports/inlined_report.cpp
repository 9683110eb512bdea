// See inlined_report.h.
#include "extension/reports/inlined_report.h"

#include <cstring>

#include "extension/catalog/catalog_table.h"
#include "extension/pg/tree_walk.h"
#include "extension/reports/churn.h"
#include "extension/reports/report.h"

namespace footfall::reports {

namespace {

planner_hook_type previousHook = nullptr;

struct InlinedReport {
    const char* name;
    PGFunction function;
    // nullptr where the text holds for the session as it is now alone.
    Compose compose;
};

constexpr InlinedReport kReports[] = {
    {"churn_features", footfall_churn_features, composeLastingChurnFeatures},
};

// The report that a function is, or nullptr.
const InlinedReport* reportOf(Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple)) {
        return nullptr;
    }
    auto* form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    const InlinedReport* found = nullptr;
    for (const InlinedReport& report : kReports) {
        if (form->proretset && namestrcmp(&form->proname, report.name) == 0) {
            found = &report;
        }
    }
    // Only PostgreSQL itself runs a function with settings of its own or another's identity.
    if (form->prosecdef || !heap_attisnull(tuple, Anum_pg_proc_proconfig, nullptr)) {
        found = nullptr;
    }
    ReleaseSysCache(tuple);
    if (found == nullptr) {
        return nullptr;
    }
    FmgrInfo info;
    fmgr_info(function, &info);
    return info.fn_addr == found->function ? found : nullptr;
}

bool mayExecute(Oid function) {
#if PG_VERSION_NUM >= 160000
    return object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#else
    return pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

// The call with its defaults filled in, when all arguments are constants, or parameters whose
// values the plan is for; else nullptr.
FuncExpr* constantCall(FuncExpr* call, Query* query, ParamListInfo parameters) {
    auto* root = makeNode(PlannerInfo);
    root->parse = query;
    root->glob = makeNode(PlannerGlobal);
    root->glob->boundParams = parameters;
    auto* node = eval_const_expressions(
        root, static_cast<Node*>(copyObjectImpl(reinterpret_cast<Node*>(call))));
    if (!IsA(node, FuncExpr)) {
        return nullptr;
    }
    auto* simple = castNode(FuncExpr, node);
    ListCell* cell;
    foreach (cell, simple->args) {
        if (!IsA(lfirst(cell), Const)) {
            return nullptr;
        }
    }
    return simple;
}

// Row locks, which a report refuses when it runs; and row security, which PostgreSQL looks for in
// the query as it was before this, to know whether row_security may have changed a cached plan.
bool mustBeCalled(Node* node, void* context) {
    if (node == nullptr) {
        return false;
    }
    if (IsA(node, Query)) {
        auto* query = castNode(Query, node);
        ListCell* cell;
        foreach (cell, query->rtable) {
            if (lfirst_node(RangeTblEntry, cell)->securityQuals != NIL) {
                return true;
            }
        }
        return query->rowMarks != NIL || pg::walkQuery(query, mustBeCalled, context, 0);
    }
    return pg::walkExpression(node, mustBeCalled, context);
}

// Whether the query gives the columns that the function promises.
bool givesColumns(const Query* query, FuncExpr* call) {
    Oid type = InvalidOid;
    TupleDesc row = nullptr;
    (void)get_expr_result_type(reinterpret_cast<Node*>(call), &type, &row);
    if (row == nullptr || list_length(query->targetList) < row->natts) {
        return false;
    }
    for (int i = 0; i < list_length(query->targetList); i++) {
        auto* target = list_nth_node(TargetEntry, query->targetList, i);
        auto* expression = reinterpret_cast<Node*>(target->expr);
        if (i >= row->natts) {
            if (!target->resjunk) {
                return false;
            }
        } else if (target->resjunk || exprType(expression) != TupleDescAttr(row, i)->atttypid ||
                   exprCollation(expression) != TupleDescAttr(row, i)->attcollation) {
            return false;
        }
    }
    return true;
}

struct ReportText {
    const char* report;
    const char* query;
};

// A position in the report's query is not one in the caller's statement.
void reportErrorContext(void* context) {
    const auto* text = static_cast<ReportText*>(context);
    const int position = geterrposition();
    if (position > 0 && text->query != nullptr) {
        errposition(0);
        internalerrposition(position);
        internalerrquery(text->query);
    }
    errcontext("report footfall.%s", text->report);
}

Query* analyze(const InlinedReport& report, FunctionCallInfo fcinfo) {
    const Arguments arguments(fcinfo);
    ReportText text = {report.name, nullptr};
    ErrorContextCallback context = {error_context_stack, reportErrorContext, &text};
    error_context_stack = &context;
    text.query = report.compose(arguments);
    Query* query = nullptr;
    if (text.query != nullptr) {
        List* statements = raw_parser(text.query, RAW_PARSE_DEFAULT);
        List* queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, statements),
                                                           text.query, nullptr, 0, nullptr);
        query = linitial_node(Query, queries);
    }
    error_context_stack = context.previous;
    return query;
}

// What a call would run; nullptr where it has to stay one.
Query* queryOf(const InlinedReport& report, FuncExpr* call) {
    FmgrInfo info;
    fmgr_info(call->funcid, &info);
    LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
    InitFunctionCallInfoData(*fcinfo, &info, list_length(call->args), call->inputcollid, nullptr,
                             nullptr);
    for (int i = 0; i < list_length(call->args); i++) {
        auto* argument = list_nth_node(Const, call->args, i);
        fcinfo->args[i] = {argument->constvalue, argument->constisnull};
    }
    Query* query = analyze(report, fcinfo);
    auto* node = reinterpret_cast<Node*>(query);
    return query != nullptr && givesColumns(query, call) && !contain_volatile_functions(node) &&
                   !mustBeCalled(node, nullptr)
               ? query
               : nullptr;
}

constexpr const char* kOrderless[] = {
    "count",   "sum",      "avg",    "min",        "max",         "bool_and",
    "bool_or", "every",    "stddev", "stddev_pop", "stddev_samp", "variance",
    "var_pop", "var_samp", "corr",   "covar_pop",  "covar_samp",
};

// An aggregate whose answer may show in which order rows came.
bool showsOrder(Node* node, void* context) {
    if (node == nullptr) {
        return false;
    }
    if (IsA(node, Aggref)) {
        const Oid function = castNode(Aggref, node)->aggfnoid;
        const char* name = get_func_name(function);
        return function >= FirstUnpinnedObjectId ||
               std::none_of(std::begin(kOrderless), std::end(kOrderless),
                            [&](const char* known) { return strcmp(known, name) == 0; });
    }
    return pg::walkExpression(node, showsOrder, context);
}

// Whether the query makes groups of the rows of its FROM, and nothing of their order.
bool forgetsOrder(const Query* query) {
    return (query->hasAggs || query->groupClause != NIL) && !query->hasSubLinks &&
           !query->hasTargetSRFs &&
           !showsOrder(reinterpret_cast<Node*>(query->targetList), nullptr) &&
           !showsOrder(query->havingQual, nullptr);
}

void removeOrder(Query* query) {
    query->sortClause = NIL;
    List* kept = NIL;
    ListCell* cell;
    foreach (cell, query->targetList) {
        auto* target = lfirst_node(TargetEntry, cell);
        if (!target->resjunk) {
            target->ressortgroupref = 0;
            kept = lappend(kept, target);
        }
    }
    query->targetList = kept;
}

// Returns the function whose call the entry was; InvalidOid when it stays as it is.
Oid inlineEntry(Query* query, RangeTblEntry* entry, ParamListInfo parameters) {
    if (entry->rtekind != RTE_FUNCTION || entry->funcordinality ||
        list_length(entry->functions) != 1) {
        return InvalidOid;
    }
    auto* function = linitial_node(RangeTblFunction, entry->functions);
    if (!IsA(function->funcexpr, FuncExpr) || function->funccolnames != NIL) {
        return InvalidOid;
    }
    auto* call = castNode(FuncExpr, function->funcexpr);
    const Oid oid = call->funcid;
    const InlinedReport* report = reportOf(oid);
    if (report == nullptr || !mayExecute(oid) ||
        (call = constantCall(call, query, parameters)) == nullptr) {
        return InvalidOid;
    }
    Query* inlined = queryOf(*report, call);
    if (inlined == nullptr) {
        return InvalidOid;
    }
    if (forgetsOrder(query)) {
        removeOrder(inlined);
    }
    entry->rtekind = RTE_SUBQUERY;
    entry->subquery = inlined;
    entry->security_barrier = false;
    entry->lateral = false;
    entry->functions = NIL;
    return oid;
}

struct Inlining {
    ParamListInfo parameters;
    List* functions;  // that were inlined
};

// Queries at every depth.
bool inlineReports(Node* node, void* context) {
    if (node == nullptr) {
        return false;
    }
    if (!IsA(node, Query)) {
        return pg::walkExpression(node, inlineReports, context);
    }
    check_stack_depth();
    auto* query = castNode(Query, node);
    auto* inlining = static_cast<Inlining*>(context);
    ListCell* cell;
    foreach (cell, query->rtable) {
        const Oid function =
            inlineEntry(query, lfirst_node(RangeTblEntry, cell), inlining->parameters);
        if (OidIsValid(function)) {
            inlining->functions = list_append_unique_oid(inlining->functions, function);
        }
    }
    return pg::walkQuery(query, inlineReports, context, 0);
}

// What has to be made again when one of these functions or a setting changes, or by another user.
void addDependencies(PlannedStmt* plan, const List* functions) {
    const ListCell* cell;
    foreach (cell, functions) {
        auto* item = makeNode(PlanInvalItem);
        item->cacheId = PROCOID;
        item->hashValue = GetSysCacheHashValue1(PROCOID, ObjectIdGetDatum(lfirst_oid(cell)));
        plan->invalItems = lappend(plan->invalItems, item);
    }
    catalog::OpenTable settings;
    if (catalog::tryOpen(catalog::Table::Setting, false, AccessShareLock, &settings)) {
        plan->relationOids = lappend_oid(plan->relationOids, RelationGetRelid(settings.table));
        catalog::close(settings);
    }
    plan->dependsOnRole = true;
}

PlannedStmt* plan(Query* query, const char* text, int options, ParamListInfo parameters) {
    Inlining inlining = {parameters, NIL};
    (void)inlineReports(reinterpret_cast<Node*>(query), &inlining);
    PlannedStmt* result = previousHook != nullptr
                              ? previousHook(query, text, options, parameters)
                              : standard_planner(query, text, options, parameters);
    if (inlining.functions != NIL) {
        addDependencies(result, inlining.functions);
    }
    return result;
}

}  // namespace

void installReportInlining() {
    previousHook = planner_hook;
    planner_hook = plan;
}

}  // namespace footfall::reports
