// See segment_cache.h.
#include "extension/storage/segment_cache.h"

namespace footfall::storage {

namespace {

struct Entry {
    MemoryContext context;  // nullptr: unused
    SealedSegment* segment;
    TupleDesc descriptor;
    uint64 lastUse;
};

// Two, so that a change that runs through two tables in step does not thrash.
Entry entries[2] = {};
uint64 useCounter = 0;

void forgetAll(XactEvent event, void*) {
    switch (event) {
        case XACT_EVENT_COMMIT:
        case XACT_EVENT_ABORT:
        case XACT_EVENT_PREPARE:
            // The contexts are TopTransactionContext's children.
            for (Entry& entry : entries) {
                entry = {};
            }
            break;
        default:
            break;
    }
}

// Relocation gives a segment's values new ids; the old ones may be vacuumed away.
bool hasSameValues(const catalog::SegmentRow& a, const catalog::SegmentRow& b) {
    return ItemPointerEquals(const_cast<ItemPointer>(&a.tid), const_cast<ItemPointer>(&b.tid)) &&
           a.columns == b.columns && a.indexValue == b.indexValue &&
           a.archiveObject == b.archiveObject && a.rowGroup == b.rowGroup &&
           memcmp(a.valueIds, b.valueIds, sizeof(Oid) * static_cast<Size>(a.columns)) == 0;
}

bool matches(const Entry& entry, Relation relation, const catalog::SegmentRow& row,
             TupleDesc descriptor) {
    return entry.context != nullptr && entry.segment->table() == RelationGetRelid(relation) &&
           entry.segment->storage() == catalog::storageOf(relation) &&
           entry.segment->row().number == row.number && hasSameValues(entry.segment->row(), row) &&
           equalTupleDescs(entry.descriptor, descriptor);
}

// A copy of the row that lives as long as the entry.
catalog::SegmentRow* copyRow(const catalog::SegmentRow& row) {
    auto* copy = static_cast<catalog::SegmentRow*>(palloc(sizeof(catalog::SegmentRow)));
    *copy = row;
    const auto columns = static_cast<Size>(Max(row.columns, 1));
    copy->attributes = static_cast<int16*>(palloc(sizeof(int16) * columns));
    copy->valueIds = static_cast<Oid*>(palloc(sizeof(Oid) * columns));
    memcpy(copy->attributes, row.attributes, sizeof(int16) * static_cast<Size>(row.columns));
    memcpy(copy->valueIds, row.valueIds, sizeof(Oid) * static_cast<Size>(row.columns));
    copy->meta = static_cast<bytea*>(palloc(VARSIZE_ANY(row.meta)));
    memcpy(copy->meta, row.meta, VARSIZE_ANY(row.meta));
    return copy;
}

}  // namespace

SealedSegment* cachedSegment(Relation relation, const catalog::SegmentRow& row,
                             TupleDesc descriptor) {
    Entry* victim = &entries[0];
    for (Entry& entry : entries) {
        if (matches(entry, relation, row, descriptor)) {
            entry.lastUse = ++useCounter;
            return entry.segment;
        }
        if (entry.context == nullptr || entry.lastUse < victim->lastUse) {
            victim = &entry;
        }
    }
    if (victim->context != nullptr) {
        MemoryContext old = victim->context;
        *victim = {};
        MemoryContextDelete(old);
    }
    // Entered into the table only when complete: an ERROR on the way leaves the context to the
    // transaction's end.
    Entry fresh = {};
    fresh.context = AllocSetContextCreate(TopTransactionContext, "footfall cached segment",
                                          ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(fresh.context);
    fresh.descriptor = CreateTupleDescCopyConstr(descriptor);
    fresh.segment = SealedSegment::create(relation, fresh.descriptor);
    fresh.segment->open(copyRow(row), nullptr);
    MemoryContextSwitchTo(previous);
    fresh.lastUse = ++useCounter;
    *victim = fresh;
    return victim->segment;
}

void initSegmentCache() {
    RegisterXactCallback(forgetAll, nullptr);
}

}  // namespace footfall::storage
