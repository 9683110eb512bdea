// See aggregate_setup.h.
#include "extension/executor/aggregate_setup.h"

namespace footfall::executor {

void checkAggregates(const List* aggregates) {
    const ListCell* cell;
    foreach (cell, aggregates) {
        const Oid function = lfirst_node(Aggref, cell)->aggfnoid;
#if PG_VERSION_NUM >= 160000
        const AclResult result =
            object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE);
#else
        const AclResult result = pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE);
#endif
        if (result != ACLCHECK_OK) {
            aclcheck_error(result, OBJECT_AGGREGATE, get_func_name(function));
        }
        InvokeFunctionExecuteHook(function);
    }
}

namespace {

using Translate = const scan::Expression* (ExpressionTranslator::*)(Node*);

std::span<const scan::Expression* const> translateEach(ExpressionTranslator* translator,
                                                       const List* nodes, Translate translate) {
    const auto count = static_cast<Size>(list_length(nodes));
    auto** expressions = static_cast<const scan::Expression**>(
        palloc(sizeof(const scan::Expression*) * Max(count, Size{1})));
    for (Size i = 0; i < count; i++) {
        expressions[i] =
            (translator->*translate)(static_cast<Node*>(list_nth(nodes, static_cast<int>(i))));
    }
    return {expressions, count};
}

}  // namespace

std::span<const scan::Expression* const> translateList(ExpressionTranslator* translator,
                                                       const List* nodes) {
    return translateEach(translator, nodes, &ExpressionTranslator::translate);
}

std::span<const scan::Expression* const> translateFilters(ExpressionTranslator* translator,
                                                          const List* nodes) {
    return translateEach(translator, nodes, &ExpressionTranslator::translateFilter);
}

namespace {

const scan::Expression* argumentOf(ExpressionTranslator* translator, const Aggref* aggref,
                                   int index) {
    if (index >= list_length(aggref->args)) {
        return nullptr;
    }
    auto* entry = static_cast<TargetEntry*>(list_nth(aggref->args, index));
    return translator->translate(reinterpret_cast<Node*>(entry->expr));
}

}  // namespace

aggregate::AggregateSpec translateAggregate(ExpressionTranslator* translator, const Aggref* aggref,
                                            const AggregateFunction& function) {
    aggregate::AggregateSpec spec;
    spec.function = function.function;
    const bool pair = spec.function == aggregate::Function::Regression;
    spec.argument = argumentOf(translator, aggref, pair ? 1 : 0);
    spec.second = pair ? argumentOf(translator, aggref, 0) : nullptr;
    spec.filter = aggref->aggfilter != nullptr
                      ? translator->translate(reinterpret_cast<Node*>(aggref->aggfilter))
                      : nullptr;
    switch (spec.function) {
        case aggregate::Function::Count:
        case aggregate::Function::Sum:
        case aggregate::Function::Average:
            spec.distinct = aggref->aggdistinct != NIL;
            break;
        default:
            break;
    }
    return spec;
}

namespace {

// The number of the leaf's attribute that is the parent's `attribute`.
int leafAttribute(const AggregatePlan& plan, int leaf, int attribute) {
    auto* numbers = static_cast<List*>(list_nth(plan.leafAttributes, leaf));
    for (int i = 0; i < list_length(plan.attributes); i++) {
        if (list_nth_int(plan.attributes, i) == attribute) {
            return list_nth_int(numbers, i);
        }
    }
    elog(ERROR, "FootfallAggregate prunes by column %d, which it does not read", attribute);
    return 0;
}

}  // namespace

storage::ScanFilter* leafFilter(const AggregatePlan& plan, const storage::ScanFilter& given,
                                int leaf) {
    auto* filter = static_cast<storage::ScanFilter*>(palloc0(sizeof(storage::ScanFilter)));
    const auto count = static_cast<Size>(given.predicateCount);
    filter->predicateCount = given.predicateCount;
    filter->computeLate = given.computeLate;
    filter->lateValues = given.lateValues;
    filter->predicates = static_cast<storage::ScanPredicate*>(
        palloc(sizeof(storage::ScanPredicate) * Max(count, Size{1})));
    for (Size i = 0; i < count; i++) {
        filter->predicates[i] = given.predicates[i];
        filter->predicates[i].attribute =
            leafAttribute(plan, leaf, filter->predicates[i].attribute + 1) - 1;
    }
    return filter;
}

}  // namespace footfall::executor
