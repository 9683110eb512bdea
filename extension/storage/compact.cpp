// Compaction; see seal.h.
//
// The idea: every segment is sorted by the order key when it is written, so merging is a k-way
// merge that holds one batch of each input; the order is settled by comparing the key columns'
// values as the engine orders them. Without an order key, or when a segment was written before the
// key was set, its rows are taken in their order and each output segment is sorted by itself.
#include "extension/catalog/configuration.h"
#include "extension/module/settings.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/seal.h"
#include "extension/storage/segment_claim.h"
#include "extension/storage/segment_writer.h"
#include "extension/storage/value.h"

namespace footfall::storage {

namespace {

struct Input {
    const catalog::SegmentRow* row;
    SealedSegment* segment;
    int32 position;  // current row; rows() when exhausted
    Datum keys[catalog::kMaxOrderKeys];
    bool keyNulls[catalog::kMaxOrderKeys];
};

struct Merge {
    Relation relation;
    Input* inputs;
    int inputCount;
    int* heap;  // indexes of inputs, smallest first
    int heapSize;
    AttrNumber keys[catalog::kMaxOrderKeys];
    int keyCount;
};

int compareBytes(const char* a, Size sizeA, const char* b, Size sizeB) {
    int order = memcmp(a, b, Min(sizeA, sizeB));
    return order != 0 ? order : (sizeA < sizeB ? -1 : (sizeA > sizeB ? 1 : 0));
}

int compareFloats(double a, double b) {
    const bool nanA = std::isnan(a);
    const bool nanB = std::isnan(b);
    if (nanA || nanB) {
        return nanA == nanB ? 0 : (nanA ? 1 : -1);
    }
    return a < b ? -1 : (a > b ? 1 : 0);
}

template <class T>
int compareValues(T a, T b) {
    return a < b ? -1 : (a > b ? 1 : 0);
}

// The engine's natural order (segment::sortPermutation): ints signed, floats with NaN last, bytes
// by memcmp.
int compareDatums(Form_pg_attribute attribute, Datum a, Datum b) {
    if (attribute->attlen == -1) {
        const char* left = DatumGetPointer(a);
        const char* right = DatumGetPointer(b);
        return compareBytes(VARDATA_ANY(left), VARSIZE_ANY_EXHDR(left), VARDATA_ANY(right),
                            VARSIZE_ANY_EXHDR(right));
    }
    if (attribute->attlen == -2) {
        return compareBytes(DatumGetCString(a), strlen(DatumGetCString(a)), DatumGetCString(b),
                            strlen(DatumGetCString(b)));
    }
    if (!attribute->attbyval) {
        return memcmp(DatumGetPointer(a), DatumGetPointer(b), static_cast<Size>(attribute->attlen));
    }
    switch (columnTypeOf(attribute).kind) {
        case vector::Kind::Float32:
            return compareFloats(static_cast<double>(DatumGetFloat4(a)),
                                 static_cast<double>(DatumGetFloat4(b)));
        case vector::Kind::Float64:
            return compareFloats(DatumGetFloat8(a), DatumGetFloat8(b));
        case vector::Kind::Bool:
        case vector::Kind::Int8:
            return compareValues(static_cast<int8>(DatumGetChar(a)),
                                 static_cast<int8>(DatumGetChar(b)));
        case vector::Kind::Int16:
            return compareValues(DatumGetInt16(a), DatumGetInt16(b));
        case vector::Kind::Int32:
            return compareValues(DatumGetInt32(a), DatumGetInt32(b));
        default:
            return compareValues(DatumGetInt64(a), DatumGetInt64(b));
    }
}

bool before(const Merge* merge, int a, int b) {
    const Input& left = merge->inputs[a];
    const Input& right = merge->inputs[b];
    TupleDesc descriptor = RelationGetDescr(merge->relation);
    for (int k = 0; k < merge->keyCount; k++) {
        if (left.keyNulls[k] || right.keyNulls[k]) {
            if (left.keyNulls[k] != right.keyNulls[k]) {
                return right.keyNulls[k];
            }
            continue;
        }
        int order = compareDatums(TupleDescAttr(descriptor, merge->keys[k] - 1), left.keys[k],
                                  right.keys[k]);
        if (order != 0) {
            return order < 0;
        }
    }
    return a < b;
}

void siftDown(Merge* merge, int at) {
    for (;;) {
        int child = 2 * at + 1;
        if (child >= merge->heapSize) {
            return;
        }
        if (child + 1 < merge->heapSize &&
            before(merge, merge->heap[child + 1], merge->heap[child])) {
            child++;
        }
        if (!before(merge, merge->heap[child], merge->heap[at])) {
            return;
        }
        std::swap(merge->heap[child], merge->heap[at]);
        at = child;
    }
}

// Moves an input to its next live row and loads its key; false when it is exhausted.
bool advance(Merge* merge, Input* input) {
    const int32 rows = input->segment->rows();
    do {
        input->position++;
    } while (input->position < rows && input->segment->isDeleted(input->position));
    if (input->position >= rows) {
        return false;
    }
    for (int k = 0; k < merge->keyCount; k++) {
        input->keys[k] =
            input->segment->datum(merge->keys[k] - 1, input->position, &input->keyNulls[k]);
    }
    return true;
}

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

// Rewrites each unsorted segment as sorted ones, so that a merge can stream them.
void sortSegments(Relation relation, const catalog::SegmentList& list, Snapshot snapshot,
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
    writer->destroy();
    CommandCounterIncrement();
}

// Merges the segments of the list into new ones; returns how many were written.
int64 mergeSegments(Relation relation, const catalog::SegmentList& list, Snapshot snapshot,
                    const AttrNumber* keys, int keyCount, int64* dropped) {
    Merge merge = {};
    merge.relation = relation;
    merge.keyCount = keyCount;
    std::copy(keys, keys + keyCount, merge.keys);
    merge.inputs = static_cast<Input*>(palloc0(sizeof(Input) * static_cast<Size>(list.count)));
    merge.heap = static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(list.count)));
    for (int i = 0; i < list.count; i++) {
        Input& input = merge.inputs[i];
        input.row = &list.rows[i];
        input.segment = SealedSegment::create(relation, RelationGetDescr(relation));
        input.segment->open(input.row, snapshot);
        input.position = -1;
        *dropped += input.segment->deletedCount();
        if (advance(&merge, &input)) {
            merge.heap[merge.heapSize++] = i;
        }
    }
    for (int i = merge.heapSize / 2 - 1; i >= 0; i--) {
        siftDown(&merge, i);
    }
    const CommandId cid = GetCurrentCommandId(true);
    const int natts = RelationGetDescr(relation)->natts;
    Datum* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(natts)));
    bool* nulls = static_cast<bool*>(palloc(static_cast<Size>(natts)));
    SegmentWriter* writer =
        SegmentWriter::create(relation, CurrentMemoryContext, catalog::Level::Compacted);
    int64 written = 0;
    while (merge.heapSize > 0) {
        CHECK_FOR_INTERRUPTS();
        Input& input = merge.inputs[merge.heap[0]];
        for (int a = 0; a < natts; a++) {
            values[a] = input.segment->datum(a, input.position, &nulls[a]);
        }
        writer->append(relation, values, nulls);
        if (writer->full()) {
            writer->startWrite(relation, cid);
            written++;
            module::failpoint("compact_after_segment");
        }
        if (!advance(&merge, &input)) {
            merge.heap[0] = merge.heap[--merge.heapSize];
        }
        siftDown(&merge, 0);
    }
    writer->finishWrite(relation);
    if (writer->rows() > 0) {
        writer->write(relation, cid);
        written++;
    }
    module::failpoint("compact_before_delete");
    for (int i = 0; i < list.count; i++) {
        merge.inputs[i].segment->destroy();
        dropSegment(relation, list.rows[i], cid);
    }
    module::failpoint("compact_after_delete");
    CommandCounterIncrement();
    return written;
}

}  // namespace

int64 compactRelation(Relation relation, int64* merged, int64* dropped) {
    *merged = 0;
    *dropped = 0;
    if (!hasStoredColumns(RelationGetDescr(relation))) {
        return 0;
    }
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall compact", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(context);
    AttrNumber keys[catalog::kMaxOrderKeys];
    const int keyCount = catalog::orderKey(relation, keys);

    catalog::SegmentList list = claimSegments(relation, static_cast<int32>(segment::kMaxRows));
    const Survey found = survey(relation, list, GetActiveSnapshot(), keys, keyCount);
    if (found.unsorted) {
        sortSegments(relation, list, GetActiveSnapshot(), keys, keyCount);
        PopActiveSnapshot();
        list = claimSegments(relation, static_cast<int32>(segment::kMaxRows));
    }
    int64 written = 0;
    if (found.needed) {
        *merged = list.count;
        written = mergeSegments(relation, list, GetActiveSnapshot(), keys, keyCount, dropped);
    }
    PopActiveSnapshot();
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(context);
    return written;
}

}  // namespace footfall::storage
