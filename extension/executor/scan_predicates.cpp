// See scan_predicates.h.
#include "extension/executor/scan_predicates.h"

#include "extension/pg/tree_walk.h"

namespace footfall::executor {

namespace {

segment::Scalar toScalar(Oid type, Datum value) {
    switch (type) {
        case BOOLOID:
            return segment::Scalar::of(static_cast<int64_t>(DatumGetBool(value)));
        case INT2OID:
            return segment::Scalar::of(static_cast<int64_t>(DatumGetInt16(value)));
        case INT4OID:
        case DATEOID:
            return segment::Scalar::of(static_cast<int64_t>(DatumGetInt32(value)));
        case FLOAT4OID:
            return segment::Scalar::of(static_cast<double>(DatumGetFloat4(value)));
        case FLOAT8OID:
            return segment::Scalar::of(DatumGetFloat8(value));
        case UUIDOID:
            return segment::Scalar::of(std::string_view(DatumGetPointer(value), 16));
        case TEXTOID: {
            auto* text = reinterpret_cast<struct varlena*>(PG_DETOAST_DATUM_PACKED(value));
            return segment::Scalar::of(
                std::string_view(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text)));
        }
        default:
            return segment::Scalar::of(static_cast<int64_t>(DatumGetInt64(value)));
    }
}

// What computes values late.
struct LateValues {
    List* descriptions;
    List* values;
    ExprContext* context;
    MemoryContext memory;
};

// Whether computing the value asks nobody.
bool isKnown(const Expr* value) {
    while (IsA(value, RelabelType)) {
        value = reinterpret_cast<const RelabelType*>(value)->arg;
    }
    return IsA(value, Const) ||
           (IsA(value, Param) && reinterpret_cast<const Param*>(value)->paramkind == PARAM_EXTERN);
}

void compute(storage::ScanPredicate& predicate, const List* description, ExprState* state,
             ExprContext* context) {
    const bool isArray = list_nth_int(description, 2) != 0;
    const Oid type = static_cast<Oid>(list_nth_int(description, 3));
    predicate.late = false;
    bool null = false;
    Datum value = ExecEvalExpr(state, context, &null);
    if (null) {
        return;
    }
    if (!isArray) {
        predicate.values = static_cast<segment::Scalar*>(palloc(sizeof(segment::Scalar)));
        predicate.values[0] = toScalar(type, value);
        predicate.valueCount = 1;
        return;
    }
    ArrayType* array = DatumGetArrayTypeP(value);
    TypeCacheEntry* entry = lookup_type_cache(ARR_ELEMTYPE(array), 0);
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    int elementCount = 0;
    deconstruct_array(array, ARR_ELEMTYPE(array), entry->typlen, entry->typbyval, entry->typalign,
                      &elements, &nulls, &elementCount);
    predicate.values = static_cast<segment::Scalar*>(
        palloc(sizeof(segment::Scalar) * static_cast<Size>(Max(elementCount, 1))));
    for (int e = 0; e < elementCount; e++) {
        if (!nulls[e]) {
            predicate.values[predicate.valueCount++] = toScalar(type, elements[e]);
        }
    }
}

ExprState* stateAt(const List* values, int index) {
    return static_cast<ExprState*>(list_nth(values, index));
}

void computeAt(storage::ScanFilter* filter, int index) {
    const auto* late = static_cast<LateValues*>(filter->lateValues);
    MemoryContext previous = MemoryContextSwitchTo(late->memory);
    compute(filter->predicates[index], list_nth_node(List, late->descriptions, index),
            stateAt(late->values, index), late->context);
    MemoryContextSwitchTo(previous);
}

void computeLate(storage::ScanFilter* filter) {
    for (int i = 0; i < filter->predicateCount; i++) {
        if (filter->predicates[i].late) {
            computeAt(filter, i);
        }
    }
}

// Whether a value comes from another part of the plan.
bool hasExecutorParameter(Node* node, void* context) {
    if (node == nullptr) {
        return false;
    }
    if (IsA(node, Param) && reinterpret_cast<Param*>(node)->paramkind == PARAM_EXEC) {
        return true;
    }
    return pg::walkExpression(node, hasExecutorParameter, context);
}

}  // namespace

List* describePredicate(AttrNumber attribute, storage::Comparison comparison, bool array,
                        Oid valueType) {
    return list_make4_int(attribute, static_cast<int>(comparison), array ? 1 : 0,
                          static_cast<int>(valueType));
}

void preparePredicates(storage::ScanFilter* filter, List* descriptions, List* values,
                       ExprContext* context) {
    const int count = list_length(values);
    filter->predicateCount = count;
    filter->predicates = static_cast<storage::ScanPredicate*>(
        palloc0(sizeof(storage::ScanPredicate) * static_cast<Size>(Max(count, 1))));
    auto* late = static_cast<LateValues*>(palloc(sizeof(LateValues)));
    *late = {descriptions, values, context, CurrentMemoryContext};
    filter->computeLate = nullptr;
    filter->lateValues = late;
    for (int i = 0; i < count; i++) {
        const auto* description = list_nth_node(List, descriptions, i);
        storage::ScanPredicate& predicate = filter->predicates[i];
        predicate.attribute = list_nth_int(description, 0) - 1;
        predicate.comparison = static_cast<storage::Comparison>(list_nth_int(description, 1));
        if (isKnown(stateAt(values, i)->expr)) {
            compute(predicate, description, stateAt(values, i), context);
        } else {
            predicate.late = true;
            filter->computeLate = computeLate;
        }
    }
}

void computeWithoutQueries(storage::ScanFilter* filter, int attribute, bool equalOnly) {
    for (int i = 0; i < filter->predicateCount; i++) {
        storage::ScanPredicate& predicate = filter->predicates[i];
        if (predicate.late && predicate.attribute == attribute &&
            (!equalOnly || predicate.comparison == storage::Comparison::Equal)) {
            const auto* late = static_cast<LateValues*>(filter->lateValues);
            auto* value = reinterpret_cast<Node*>(stateAt(late->values, i)->expr);
            if (!hasExecutorParameter(value, nullptr)) {
                computeAt(filter, i);
            }
        }
    }
}

}  // namespace footfall::executor
