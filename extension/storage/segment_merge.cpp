// See segment_merge.h.
#include "extension/storage/segment_merge.h"

#include "extension/module/settings.h"
#include "extension/storage/sealed_segment.h"
#include "extension/storage/segment_claim.h"
#include "extension/storage/segment_writer.h"
#include "extension/storage/value.h"

namespace footfall::storage {

namespace {

// Compressed chunks and decoded batches of all open inputs together, about.
constexpr int64 kMergeBytes = int64{96} * 1024 * 1024;
// What an open segment costs beside its chunks.
constexpr int64 kInputBytes = int64{1536} * 1024;
constexpr int kLeastFanIn = 4;

struct Input {
    const Run* run;
    int at;  // segment of the run that is open
    SealedSegment* segment;
    int32 position;  // current row
    Datum keys[catalog::kMaxOrderKeys];
    bool keyNulls[catalog::kMaxOrderKeys];
};

struct Merge {
    Relation relation;
    Input* inputs;
    Snapshot snapshot;
    int64 dropped;  // deleted rows met
    int* heap;      // indexes of inputs, smallest first
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

// Opens the next segment of the input's run; false when there is none.
bool openNext(Merge* merge, Input* input) {
    if (++input->at >= input->run->count) {
        return false;
    }
    input->segment->open(&input->run->rows[input->at], merge->snapshot);
    input->position = -1;
    merge->dropped += input->segment->deletedCount();
    return true;
}

// Moves an input to its next live row and loads its key; false when it is exhausted.
bool advance(Merge* merge, Input* input) {
    for (;;) {
        const int32 rows = input->segment->rows();
        do {
            input->position++;
        } while (input->position < rows && input->segment->isDeleted(input->position));
        if (input->position < rows) {
            break;
        }
        if (!openNext(merge, input)) {
            return false;
        }
    }
    for (int k = 0; k < merge->keyCount; k++) {
        input->keys[k] =
            input->segment->datum(merge->keys[k] - 1, input->position, &input->keyNulls[k]);
    }
    return true;
}

// The new segments as the transaction sees them now.
Run findWritten(Relation relation, const List* numbers) {
    Run run = {};
    run.rows = static_cast<catalog::SegmentRow*>(
        palloc(sizeof(catalog::SegmentRow) * static_cast<Size>(Max(list_length(numbers), 1))));
    const ListCell* cell;
    foreach (cell, numbers) {
        if (!catalog::findSegment(catalog::storageOf(relation),
                                  catalog::usesUnlogged(relation->rd_rel->relpersistence),
                                  lfirst_int(cell), SnapshotSelf, &run.rows[run.count++])) {
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                            errmsg("segment %d, just written, is not there", lfirst_int(cell))));
        }
    }
    return run;
}

// Copies the input's current row to the writer.
void appendRow(Relation relation, const Input& input, SegmentWriter* writer, Datum* values,
               bool* nulls) {
    const int natts = RelationGetDescr(relation)->natts;
    for (int a = 0; a < natts; a++) {
        values[a] = input.segment->datum(a, input.position, &nulls[a]);
    }
    writer->append(relation, values, nulls);
}

void openInputs(Merge* merge, const Run* runs, int count) {
    for (int i = 0; i < count; i++) {
        Input& input = merge->inputs[i];
        input.run = &runs[i];
        input.at = -1;
        input.segment = SealedSegment::create(merge->relation, RelationGetDescr(merge->relation));
        if (openNext(merge, &input) && advance(merge, &input)) {
            merge->heap[merge->heapSize++] = i;
        }
    }
    for (int i = merge->heapSize / 2 - 1; i >= 0; i--) {
        siftDown(merge, i);
    }
}

}  // namespace

int mergeFanIn(const Run* runs, int count) {
    int64 bytes = 0;
    int64 segments = 0;
    for (int r = 0; r < count; r++) {
        for (int i = 0; i < runs[r].count; i++) {
            bytes += runs[r].rows[i].storedBytes;
            segments++;
        }
    }
    const int64 each = kInputBytes + bytes / Max(segments, int64{1});
    return Max(static_cast<int>(kMergeBytes / each), kLeastFanIn);
}

Run mergeRuns(Relation relation, const Run* runs, int count, Snapshot snapshot, const OrderKey& key,
              catalog::Level level, int64* dropped) {
    Merge merge = {};
    merge.relation = relation;
    merge.snapshot = snapshot;
    merge.keyCount = key.count;
    std::copy(key.attributes, key.attributes + key.count, merge.keys);
    merge.inputs = static_cast<Input*>(palloc0(sizeof(Input) * static_cast<Size>(Max(count, 1))));
    merge.heap = static_cast<int*>(palloc(sizeof(int) * static_cast<Size>(Max(count, 1))));
    openInputs(&merge, runs, count);
    const CommandId cid = GetCurrentCommandId(true);
    const auto natts = static_cast<Size>(RelationGetDescr(relation)->natts);
    Datum* values = static_cast<Datum*>(palloc(sizeof(Datum) * natts));
    bool* nulls = static_cast<bool*>(palloc(natts));
    SegmentWriter* writer = SegmentWriter::create(relation, CurrentMemoryContext, level);
    while (merge.heapSize > 0) {
        CHECK_FOR_INTERRUPTS();
        Input& input = merge.inputs[merge.heap[0]];
        appendRow(relation, input, writer, values, nulls);
        if (writer->full()) {
            writer->startWrite(relation, cid);
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
    }
    module::failpoint("compact_before_delete");
    for (int r = 0; r < count; r++) {
        merge.inputs[r].segment->destroy();
        for (int i = 0; i < runs[r].count; i++) {
            dropSegment(relation, runs[r].rows[i], cid);
        }
    }
    module::failpoint("compact_after_delete");
    CommandCounterIncrement();
    *dropped += merge.dropped;
    Run written = findWritten(relation, writer->numbers());
    writer->destroy();
    return written;
}

}  // namespace footfall::storage
