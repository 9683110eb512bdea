// See leaf_ranges.h.
#include "extension/planner/leaf_ranges.h"

#include "extension/executor/leaf_ranges.h"
#include "extension/executor/value_type.h"

namespace footfall::planner {

namespace {

// A value of a key, as the engine stores it.
int64 valueOf(Datum value, Oid type) {
    switch (type) {
        case INT2OID:
            return DatumGetInt16(value);
        case INT4OID:
        case DATEOID:
            return DatumGetInt32(value);
        default:
            return DatumGetInt64(value);
    }
}

// Null where the range is open.
Const* boundOf(const PartitionBoundInfoData* bounds, int index, Oid type) {
    if (index < 0 || index >= bounds->ndatums ||
        bounds->kind[index][0] != PARTITION_RANGE_DATUM_VALUE) {
        return executor::leafBound(0, true);
    }
    return executor::leafBound(valueOf(bounds->datums[index][0], type), false);
}

// The column of the tree's parent that is the relation's; 0 when there is none.
AttrNumber inParent(PlannerInfo* root, Index parent, Index relation, AttrNumber attribute) {
    while (relation != parent && attribute > 0) {
        const AppendRelInfo* info = root->append_rel_array[relation];
        attribute = attribute <= info->num_child_cols ? info->parent_colnos[attribute - 1]
                                                      : static_cast<AttrNumber>(0);
        relation = info->parent_relid;
    }
    return attribute;
}

// The one column that a relation's children are told apart by, and its type.
struct PartitionKey {
    AttrNumber attribute;  // of the tree's parent; 0: none
    Oid type;
};

PartitionKey keyOf(PlannerInfo* root, Index parent, const RelOptInfo* relation) {
    if (relation->part_scheme->partnatts != 1) {
        return {0, InvalidOid};
    }
    auto* key = static_cast<Node*>(linitial(relation->partexprs[0]));
    const Oid type = exprType(key);
    if (!IsA(key, Var) || !executor::isIntegerInside(type)) {
        return {0, InvalidOid};
    }
    // Another operator class may have another order, or another hash.
    const Oid access = relation->part_scheme->strategy == PARTITION_STRATEGY_HASH
                           ? static_cast<Oid>(HASH_AM_OID)
                           : static_cast<Oid>(BTREE_AM_OID);
    if (relation->part_scheme->partopfamily[0] !=
        get_opclass_family(GetDefaultOpClass(type, access))) {
        return {0, InvalidOid};
    }
    const AttrNumber own = reinterpret_cast<Var*>(key)->varattno;
    return {inParent(root, parent, relation->relid, own), type};
}

// What the relation's children hold, by their places in part_rels; NIL for a child that may hold
// anything.
List** heldByRange(const RelOptInfo* relation, const PartitionKey& key) {
    const PartitionBoundInfoData* bounds = relation->boundinfo;
    auto** held = static_cast<List**>(palloc0(sizeof(List*) * static_cast<Size>(relation->nparts)));
    for (int i = 0; i <= bounds->ndatums; i++) {
        if (const int part = bounds->indexes[i]; part >= 0) {
            held[part] = executor::describeLeafRange(
                key.attribute, boundOf(bounds, i - 1, key.type), boundOf(bounds, i, key.type));
        }
    }
    return held;
}

// Of a list of values the range from the least to the greatest: they are in order.
List** heldByList(const RelOptInfo* relation, const PartitionKey& key) {
    const PartitionBoundInfoData* bounds = relation->boundinfo;
    const auto parts = static_cast<Size>(relation->nparts);
    auto** held = static_cast<List**>(palloc0(sizeof(List*) * parts));
    auto* first = static_cast<int*>(palloc(sizeof(int) * parts));
    std::fill_n(first, parts, -1);
    for (int i = 0; i < bounds->ndatums; i++) {
        const int part = bounds->indexes[i];
        if (part < 0) {
            continue;
        }
        first[part] = first[part] < 0 ? i : first[part];
        const int64 greatest = valueOf(bounds->datums[i][0], key.type);
        held[part] = executor::describeLeafRange(
            key.attribute,
            executor::leafBound(valueOf(bounds->datums[first[part]][0], key.type), false),
            executor::leafBound(greatest == PG_INT64_MAX ? 0 : greatest + 1,
                                greatest == PG_INT64_MAX));
    }
    return held;
}

List** heldByHash(const RelOptInfo* relation, const PartitionKey& key) {
    const PartitionBoundInfoData* bounds = relation->boundinfo;
    auto** held = static_cast<List**>(palloc0(sizeof(List*) * static_cast<Size>(relation->nparts)));
    for (int i = 0; i < bounds->ndatums; i++) {
        held[i] =
            executor::describeLeafHash(key.attribute, key.type, DatumGetInt32(bounds->datums[i][0]),
                                       DatumGetInt32(bounds->datums[i][1]));
    }
    return held;
}

// What is known of the leaves, by range table index, `last` being the greatest.
struct Held {
    PlannerInfo* root;
    Index parent;
    Index last;
    List** of;
};

// Each child holds what its parent holds, and what its own place among its siblings says.
void describe(const Held& known, const RelOptInfo* relation, List* inherited) {
    check_stack_depth();
    if (relation->relid <= known.last) {
        known.of[relation->relid] = inherited;
    }
    if (relation->part_scheme == nullptr || relation->boundinfo == nullptr ||
        relation->part_rels == nullptr) {
        return;
    }
    const char strategy = relation->part_scheme->strategy;
    const PartitionKey key = keyOf(known.root, known.parent, relation);
    List** held = nullptr;
    if (key.attribute > 0 && strategy == PARTITION_STRATEGY_RANGE) {
        held = heldByRange(relation, key);
    } else if (key.attribute > 0 && strategy == PARTITION_STRATEGY_LIST) {
        held = heldByList(relation, key);
    } else if (key.attribute > 0 && strategy == PARTITION_STRATEGY_HASH) {
        held = heldByHash(relation, key);
    }
    for (int i = 0; i < relation->nparts; i++) {
        if (const RelOptInfo* child = relation->part_rels[i]) {
            List* own = list_copy(inherited);
            describe(known, child, held != nullptr && held[i] != NIL ? lappend(own, held[i]) : own);
        }
    }
}

}  // namespace

List* findLeafRanges(PlannerInfo* root, RelOptInfo* relation, const List* leaves) {
    if (!enable_partition_pruning || relation->part_scheme == nullptr) {
        return NIL;
    }
    Held known = {root, relation->relid, 0, nullptr};
    const ListCell* cell;
    foreach (cell, leaves) {
        known.last = Max(known.last, static_cast<Index>(lfirst_int(cell)));
    }
    known.of = static_cast<List**>(palloc0(sizeof(List*) * (Size{known.last} + 1)));
    describe(known, relation, NIL);
    List* ranges = NIL;
    bool any = false;
    foreach (cell, leaves) {
        List* held = known.of[lfirst_int(cell)];
        ranges = lappend(ranges, held);
        any = any || held != NIL;
    }
    return any ? ranges : NIL;
}

}  // namespace footfall::planner
