// Compaction; see seal.h.
//
// The idea: every segment is sorted by the order key when it is written, so merging is a k-way
// merge that holds one batch of each input; the order is settled by comparing the key columns'
// values as the engine orders them. Without an order key, or when a segment was written before the
// key was set, its rows are taken in their order and each output segment is sorted by itself.
#include "extension/catalog/configuration.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/seal.h"
#include "extension/storage/segment_claim.h"
#include "extension/storage/segment_merge.h"
#include "extension/storage/segment_writer.h"
#include "extension/storage/value.h"

namespace footfall::storage {

namespace {

// Whether the segment was sorted by (at least) the order key when it was written.
bool isSorted(const SealedSegment* segment, const AttrNumber* keys, int keyCount) {
    const auto sorted = segment->meta().sortKeys();
    if (static_cast<int>(sorted.size()) < keyCount) {
        return false;
    }
    for (int k = 0; k < keyCount; k++) {
        if (segment->row().attributes[sorted[static_cast<std::size_t>(k)]] != keys[k]) {
            return false;
        }
    }
    return true;
}

// Appends every live row of the open segment to the writer, starting segments as it fills.
void appendLiveRows(Relation relation, SealedSegment* segment, SegmentWriter* writer,
                    CommandId cid) {
    const int natts = RelationGetDescr(relation)->natts;
    Datum* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(natts)));
    bool* nulls = static_cast<bool*>(palloc(static_cast<Size>(natts)));
    for (int32 row = 0; row < segment->rows(); row++) {
        if (segment->isDeleted(row)) {
            continue;
        }
        for (int a = 0; a < natts; a++) {
            values[a] = segment->datum(a, row, &nulls[a]);
        }
        writer->append(relation, values, nulls);
        if (writer->full()) {
            writer->startWrite(relation, cid);
        }
    }
}

struct Survey {
    bool needed;    // merging would change something
    bool unsorted;  // some segment was written under another order key, or none
};

Survey survey(Relation relation, const catalog::SegmentList& list, Snapshot snapshot,
              const AttrNumber* keys, int keyCount) {
    Survey result = {};
    int64 rows = 0;
    SealedSegment* segment = SealedSegment::create(relation, RelationGetDescr(relation));
    for (int i = 0; i < list.count; i++) {
        segment->open(&list.rows[i], snapshot);
        result.unsorted |= !isSorted(segment, keys, keyCount);
        result.needed |=
            list.rows[i].level != catalog::Level::Compacted || segment->deletedCount() > 0;
        rows += list.rows[i].rows;
    }
    segment->destroy();
    // Runs of earlier, partial compactions add up to more segments than the rows need.
    result.needed |=
        result.unsorted || list.count > 2 * (rows / static_cast<int64>(segment::kMaxRows) + 1);
    return result;
}

// Rewrites each unsorted segment as sorted ones, so that a merge can stream them; returns the
// numbers of those.
List* sortSegments(Relation relation, const catalog::SegmentList& list, Snapshot snapshot,
                   const AttrNumber* keys, int keyCount) {
    const CommandId cid = GetCurrentCommandId(true);
    SealedSegment* segment = SealedSegment::create(relation, RelationGetDescr(relation));
    SegmentWriter* writer =
        SegmentWriter::create(relation, CurrentMemoryContext, catalog::Level::Loaded);
    for (int i = 0; i < list.count; i++) {
        CHECK_FOR_INTERRUPTS();
        segment->open(&list.rows[i], snapshot);
        if (isSorted(segment, keys, keyCount)) {
            continue;
        }
        appendLiveRows(relation, segment, writer, cid);
        writer->finishWrite(relation);
        if (writer->rows() > 0) {
            writer->write(relation, cid);
        }
        dropSegment(relation, list.rows[i], cid);
    }
    segment->destroy();
    List* written = list_copy(writer->numbers());
    writer->destroy();
    CommandCounterIncrement();
    return written;
}

// Merges the segments into one sorted run, in as many passes as memory asks for; returns how many
// segments it has.
int64 mergeAll(Relation relation, const catalog::SegmentList& list, const OrderKey& key,
               int64* dropped) {
    int count = list.count;
    Run* runs = static_cast<Run*>(palloc(sizeof(Run) * static_cast<Size>(Max(count, 1))));
    for (int i = 0; i < count; i++) {
        runs[i] = {&list.rows[i], 1};
    }
    // Segments written meanwhile are this transaction's own, so one snapshot would not show them:
    // each pass takes its own. Nobody else can have changed a claimed segment.
    for (;;) {
        const int fanIn = mergeFanIn(runs, count);
        if (count <= fanIn) {
            break;
        }
        int merged = 0;
        for (int first = 0; first < count; first += fanIn) {
            runs[merged++] = mergeRuns(relation, &runs[first], Min(fanIn, count - first),
                                       GetActiveSnapshot(), key, catalog::Level::Loaded, dropped);
            PopActiveSnapshot();
            PushActiveSnapshot(maintenanceSnapshot());
        }
        count = merged;
    }
    return mergeRuns(relation, runs, count, GetActiveSnapshot(), key, catalog::Level::Compacted,
                     dropped)
        .count;
}

}  // namespace

Compaction compactRelation(Relation relation) {
    Compaction result = {};
    if (!hasStoredColumns(RelationGetDescr(relation))) {
        return result;
    }
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall compact", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(context);
    OrderKey key = {};
    key.count = catalog::orderKey(relation, key.attributes);

    const Claim claim =
        claimSegments(relation, static_cast<int32>(segment::kMaxRows), ClaimOrder::WorkFirst);
    result.rest = claim.rest;
    catalog::SegmentList list = claim.segments;
    const Survey found = survey(relation, list, GetActiveSnapshot(), key.attributes, key.count);
    if (found.unsorted) {
        const List* sorted =
            sortSegments(relation, list, GetActiveSnapshot(), key.attributes, key.count);
        PopActiveSnapshot();
        list = claimedSegments(relation, sorted);
    }
    if (found.needed) {
        result.merged = list.count;
        result.written = mergeAll(relation, list, key, &result.dropped);
    }
    PopActiveSnapshot();
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(context);
    return result;
}

}  // namespace footfall::storage
