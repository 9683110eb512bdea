// See leaf_ranges.h.
#include "extension/executor/leaf_ranges.h"

#include "extension/executor/scan_predicates.h"

namespace footfall::executor {

namespace {

struct LeafRange {
    const Const* least;
    const Const* beyond;
};

struct LeafHash {
    Oid type;
    uint64 modulus;
    uint64 remainder;
};

bool excludesValue(const LeafRange& range, storage::Comparison comparison, int64 value) {
    const int64 least = DatumGetInt64(range.least->constvalue);
    const int64 beyond = DatumGetInt64(range.beyond->constvalue);
    const bool allGreater = !range.least->constisnull && least > value;
    const bool allAtLeast = !range.least->constisnull && least >= value;
    const bool allLess = !range.beyond->constisnull && beyond <= value;
    switch (comparison) {
        case storage::Comparison::Less:
            return allAtLeast;
        case storage::Comparison::LessEqual:
            return allGreater;
        case storage::Comparison::Equal:
            return allGreater || allLess;
        case storage::Comparison::GreaterEqual:
        case storage::Comparison::Greater:
            return allLess;
    }
    return false;
}

// The value as one of the type; false where it is none.
bool toDatum(Oid type, int64 value, Datum* datum) {
    switch (type) {
        case INT2OID:
            *datum = Int16GetDatum(static_cast<int16>(value));
            return value == static_cast<int16>(value);
        case INT4OID:
        case DATEOID:
            *datum = Int32GetDatum(static_cast<int32>(value));
            return value == static_cast<int32>(value);
        default:
            *datum = Int64GetDatum(value);
            return true;
    }
}

bool excludesValue(const LeafHash& hash, storage::Comparison comparison, int64 value) {
    Datum datum = 0;
    if (comparison != storage::Comparison::Equal || !toDatum(hash.type, value, &datum)) {
        return false;
    }
    TypeCacheEntry* entry = lookup_type_cache(hash.type, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
    Oid collation = InvalidOid;
    bool null = false;
    return compute_partition_hash_value(1, &entry->hash_extended_proc_finfo, &collation, &datum,
                                        &null) %
               hash.modulus !=
           hash.remainder;
}

// Whether no row of the leaf can match.
template <class Held>
bool excludes(const Held& held, const storage::ScanPredicate& predicate) {
    for (int i = 0; i < predicate.valueCount; i++) {
        const segment::Scalar& value = predicate.values[i];
        if (value.kind != segment::BoundKind::Integer ||
            !excludesValue(held, predicate.comparison, value.integer)) {
            return false;
        }
    }
    return true;
}

int attributeOf(const List* held) {
    return linitial_int(static_cast<const List*>(linitial(held))) - 1;
}

bool isHash(const List* held) {
    return list_length(static_cast<const List*>(linitial(held))) > 1;
}

// `held` is what describeLeafRange or describeLeafHash gave.
bool excludesHeld(const List* held, const storage::ScanPredicate& predicate) {
    if (predicate.late || predicate.attribute != attributeOf(held)) {
        return false;
    }
    const auto* numbers = static_cast<const List*>(linitial(held));
    if (isHash(held)) {
        const LeafHash hash = {static_cast<Oid>(lsecond_int(numbers)),
                               static_cast<uint64>(lthird_int(numbers)),
                               static_cast<uint64>(lfourth_int(numbers))};
        return excludes(hash, predicate);
    }
    const LeafRange range = {lsecond_node(Const, held), lthird_node(Const, held)};
    return excludes(range, predicate);
}

bool excludesLeaf(const List* leaf, const storage::ScanFilter& filter) {
    for (int i = 0; i < filter.predicateCount; i++) {
        if (!filter.predicates[i].late && filter.predicates[i].valueCount == 0) {
            return true;
        }
    }
    const ListCell* cell;
    foreach (cell, leaf) {
        for (int i = 0; i < filter.predicateCount; i++) {
            if (excludesHeld(lfirst_node(List, cell), filter.predicates[i])) {
                return true;
            }
        }
    }
    return false;
}

}  // namespace

Const* leafBound(int64 value, bool null) {
    return makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(value), null, true);
}

List* describeLeafRange(AttrNumber attribute, Const* least, Const* beyond) {
    return list_make3(list_make1_int(attribute), least, beyond);
}

List* describeLeafHash(AttrNumber attribute, Oid type, int modulus, int remainder) {
    return list_make1(list_make4_int(attribute, static_cast<int>(type), modulus, remainder));
}

void removeLeaves(AggregatePlan* plan, storage::ScanFilter* filter) {
    plan->removed = nullptr;
    plan->removedCount = 0;
    if (plan->leafRanges == NIL || filter->predicateCount == 0) {
        return;
    }
    // What cannot leave a partition out is not computed: it may raise an error where no row is.
    List* ranges = NIL;
    List* hashes = NIL;
    const ListCell* cell;
    foreach (cell, plan->leafRanges) {
        const ListCell* part;
        foreach (part, static_cast<const List*>(lfirst(cell))) {
            const auto* held = lfirst_node(List, part);
            List** keys = isHash(held) ? &hashes : &ranges;
            *keys = list_append_unique_int(*keys, attributeOf(held));
        }
    }
    foreach (cell, ranges) {
        computeWithoutQueries(filter, lfirst_int(cell), false);
    }
    foreach (cell, hashes) {
        computeWithoutQueries(filter, lfirst_int(cell), true);
    }
    const int leaves = list_length(plan->leaves);
    plan->removed = static_cast<bool*>(palloc0(static_cast<Size>(Max(leaves, 1))));
    for (int leaf = 0; leaf < leaves; leaf++) {
        plan->removed[leaf] =
            excludesLeaf(static_cast<const List*>(list_nth(plan->leafRanges, leaf)), *filter);
        plan->removedCount += plan->removed[leaf] ? 1 : 0;
    }
}

}  // namespace footfall::executor
