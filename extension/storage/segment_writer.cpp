// See segment_writer.h.
#include "extension/storage/segment_writer.h"

#include <cstring>

#include "engine/segment/encode_job.h"
#include "extension/catalog/configuration.h"
#include "extension/module/settings.h"
#include "extension/pg/guard.h"
#include "extension/storage/toast_value.h"
#include "extension/storage/value.h"

namespace footfall::storage {

namespace {

// A segment is closed before its raw values reach this, so that encoding stays within a bounded
// memory.
constexpr Size kMaxSegmentBytes = Size{32} * 1024 * 1024;

// Rows wider than this are appended one by one, so that a batch cannot overshoot a segment's size
// by much.
constexpr Size kPlainValueBytes = 4096;

bool isPlainRow(TupleDesc descriptor, const int16* attributes, int count, TupleTableSlot* slot) {
    for (int c = 0; c < count; c++) {
        const int i = attributes[c];
        if (slot->tts_isnull[i] || TupleDescAttr(descriptor, i)->attlen != -1) {
            continue;
        }
        const void* value = DatumGetPointer(slot->tts_values[i]);
        if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value) ||
            VARSIZE_ANY(value) > kPlainValueBytes) {
            return false;
        }
    }
    return true;
}

int effortOf(catalog::Level level) {
    return static_cast<int>(level);
}

// The order key as positions among `count` columns; a key column that the segment lacks ends the
// key.
int sortKeysOf(Relation relation, const int16* attributes, int count, uint32_t* keys) {
    AttrNumber keyAttributes[catalog::kMaxOrderKeys];
    const int keyCount = catalog::orderKey(relation, keyAttributes);
    for (int k = 0; k < keyCount; k++) {
        int found = -1;
        for (int c = 0; c < count; c++) {
            if (attributes[c] == keyAttributes[k] - 1) {
                found = c;
            }
        }
        if (found < 0) {
            return k;
        }
        keys[k] = static_cast<uint32_t>(found);
    }
    return keyCount;
}

}  // namespace

SegmentWriter* SegmentWriter::create(Relation relation, MemoryContext parent,
                                     catalog::Level level) {
    MemoryContext context =
        AllocSetContextCreate(parent, "footfall segment writer", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(context);
    auto* self = new (palloc0(sizeof(SegmentWriter))) SegmentWriter();
    self->context_ = context;
    self->resource_ = new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(context);
    self->level_ = level;
    self->columnCount_ = 0;
    self->active_ = 0;
    self->rows_ = 0;
    self->rawBytes_ = 0;
    self->numbers_ = NIL;
    self->job_ = nullptr;
    self->pendingRows_ = 0;
    self->pendingBytes_ = 0;
    TupleDesc descriptor = RelationGetDescr(relation);
    const Size natts = static_cast<Size>(Max(descriptor->natts, 1));
    self->attributes_ = static_cast<int16*>(palloc(sizeof(int16) * natts));
    for (int i = 0; i < descriptor->natts; i++) {
        if (isStored(TupleDescAttr(descriptor, i))) {
            self->attributes_[self->columnCount_++] = static_cast<int16>(i);
        }
    }
    for (vector::Column*& set : self->sets_) {
        set = static_cast<vector::Column*>(palloc(sizeof(vector::Column) * natts));
        for (int c = 0; c < self->columnCount_; c++) {
            new (&set[c]) vector::Column(
                columnTypeOf(TupleDescAttr(descriptor, self->attributes_[c])), self->resource_);
        }
    }
    self->dropCallback_.func = dropJob;
    self->dropCallback_.arg = self;
    MemoryContextRegisterResetCallback(context, &self->dropCallback_);
    MemoryContextSwitchTo(previous);
    return self;
}

void SegmentWriter::destroy() {
    MemoryContextDelete(context_);
}

void SegmentWriter::dropJob(void* self) {
    auto* writer = static_cast<SegmentWriter*>(self);
    delete std::exchange(writer->job_, nullptr);
}

bool SegmentWriter::full() const {
    return rows_ >= static_cast<int32>(segment::kMaxRows) || rawBytes_ >= kMaxSegmentBytes;
}

void SegmentWriter::append(Relation relation, const Datum* values, const bool* nulls) {
    TupleDesc descriptor = RelationGetDescr(relation);
    Datum prepared[MaxHeapAttributeNumber];
    Size bytes = 0;
    for (int c = 0; c < columnCount_; c++) {
        const int i = attributes_[c];
        prepared[c] = values[i];
        if (!nulls[i]) {
            bytes += prepareValue(TupleDescAttr(descriptor, i), &prepared[c]);
        }
    }
    vector::Column* columns = sets_[active_];
    pg::enterEngine([&] {
        for (int c = 0; c < columnCount_; c++) {
            const int i = attributes_[c];
            if (nulls[i]) {
                columns[c].appendNull();
            } else {
                appendValue(columns[c], TupleDescAttr(descriptor, i), prepared[c]);
            }
        }
    });
    for (int c = 0; c < columnCount_; c++) {
        const int i = attributes_[c];
        if (!nulls[i] && prepared[c] != values[i]) {
            pfree(DatumGetPointer(prepared[c]));
        }
    }
    rows_++;
    rawBytes_ += bytes;
}

int SegmentWriter::appendSlots(Relation relation, TupleTableSlot** slots, int count) {
    TupleDesc descriptor = RelationGetDescr(relation);
    int rows = Min(count, static_cast<int>(segment::kMaxRows) - rows_);
    // Values that must be detoasted first, and very wide rows, go one by one.
    for (int r = 0; r < rows; r++) {
        if (!isPlainRow(descriptor, attributes_, columnCount_, slots[r])) {
            if (r == 0) {
                append(relation, slots[0]->tts_values, slots[0]->tts_isnull);
                return 1;
            }
            rows = r;
            break;
        }
    }
    vector::Column* columns = sets_[active_];
    const Size before = columnBytes();
    pg::enterEngine([&] {
        for (int c = 0; c < columnCount_; c++) {
            const int i = attributes_[c];
            appendAttribute(columns[c], TupleDescAttr(descriptor, i), i, slots, rows);
        }
    });
    rows_ += rows;
    rawBytes_ += columnBytes() - before;
    return rows;
}

Size SegmentWriter::columnBytes() const {
    Size bytes = 0;
    for (int c = 0; c < columnCount_; c++) {
        bytes += sets_[active_][c].byteSize();
    }
    return bytes;
}

int32 SegmentWriter::write(Relation relation, CommandId cid, uint32** order) {
    finishWrite(relation);
    startJob(relation, cid, false);
    return finishJob(relation, order);
}

void SegmentWriter::startWrite(Relation relation, CommandId cid) {
    finishWrite(relation);
    startJob(relation, cid, true);
}

void SegmentWriter::finishWrite(Relation relation) {
    if (job_ != nullptr) {
        finishJob(relation, nullptr);
    }
}

void SegmentWriter::startJob(Relation relation, CommandId cid, bool background) {
    uint32_t keys[catalog::kMaxOrderKeys];
    const int keyCount = sortKeysOf(relation, attributes_, columnCount_, keys);
    pg::enterEngine([&] {
        job_ = new segment::EncodeJob({sets_[active_], static_cast<std::size_t>(columnCount_)},
                                      {keys, static_cast<std::size_t>(keyCount)}, effortOf(level_),
                                      background);
    });
    pendingCid_ = cid;
    pendingRows_ = rows_;
    pendingBytes_ = rawBytes_;
    active_ = 1 - active_;
    clear();
}

int32 SegmentWriter::finishJob(Relation relation, uint32** order) {
    const Oid storage = catalog::storageOf(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    MemoryContext callerContext = CurrentMemoryContext;
    MemoryContext scratch =
        AllocSetContextCreate(callerContext, "footfall encode", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(scratch);

    const segment::EncodedSegment* encoded = nullptr;
    bytea* meta = nullptr;
    pg::enterEngine([&] {
        encoded = &job_->wait();
        pg::ContextResource resource(scratch);
        std::pmr::vector<std::byte> bytes(&resource);
        encoded->meta.serialize(bytes);
        meta = static_cast<bytea*>(resource.allocate(bytes.size() + VARHDRSZ, MAXIMUM_ALIGNOF));
        SET_VARSIZE(meta, bytes.size() + VARHDRSZ);
        memcpy(VARDATA(meta), bytes.data(), bytes.size());
    });

    catalog::SegmentRow row = {};
    row.rows = pendingRows_;
    row.level = level_;
    row.rawBytes = static_cast<int64>(pendingBytes_);
    row.columns = columnCount_;
    row.attributes =
        static_cast<int16*>(palloc(sizeof(int16) * static_cast<Size>(Max(columnCount_, 1))));
    row.valueIds = static_cast<Oid*>(palloc(sizeof(Oid) * static_cast<Size>(Max(columnCount_, 1))));
    row.meta = meta;
    module::failpoint("segment_before_chunks");
    for (int c = 0; c < columnCount_; c++) {
        CHECK_FOR_INTERRUPTS();
        const auto& chunk = encoded->chunks[static_cast<std::size_t>(c)];
        row.attributes[c] = static_cast<int16>(attributes_[c] + 1);
        row.valueIds[c] = chunk.empty() ? InvalidOid : saveToastValue(relation, chunk, scratch);
        row.storedBytes += static_cast<int64>(chunk.size());
    }
    if (!encoded->index.empty()) {
        row.indexValue = saveToastValue(relation, encoded->index, scratch);
        row.indexBytes = static_cast<int32>(encoded->index.size());
        row.storedBytes += row.indexBytes;
    }
    module::failpoint("segment_before_catalog");
    row.number = catalog::reserveNumber(storage, unlogged);
    catalog::insertSegment(storage, unlogged, row, pendingCid_);
    catalog::releaseNumber(storage, row.number);
    module::failpoint("segment_after_catalog");

    MemoryContextSwitchTo(context_);
    numbers_ = lappend_int(numbers_, row.number);
    MemoryContextSwitchTo(callerContext);
    MemoryContextDelete(scratch);
    if (order != nullptr) {
        std::span<const uint32_t> positions = job_->order();
        *order =
            static_cast<uint32*>(palloc(sizeof(uint32) * static_cast<Size>(Max(pendingRows_, 1))));
        for (int32 i = 0; i < pendingRows_; i++) {
            (*order)[i] =
                positions.empty() ? static_cast<uint32>(i) : positions[static_cast<std::size_t>(i)];
        }
    }
    dropJob(this);
    vector::Column* encodedColumns = sets_[1 - active_];
    for (int c = 0; c < columnCount_; c++) {
        encodedColumns[c].clear();
    }
    pendingRows_ = 0;
    pendingBytes_ = 0;
    return row.number;
}

void SegmentWriter::read(Relation relation, int32 row, Datum* values, bool* nulls) {
    TupleDesc descriptor = RelationGetDescr(relation);
    memset(nulls, 1, static_cast<Size>(descriptor->natts));
    memset(values, 0, sizeof(Datum) * static_cast<Size>(descriptor->natts));
    const vector::Column* columns = sets_[active_];
    pg::enterEngine([&] {
        pg::ContextResource resource(CurrentMemoryContext);
        for (int c = 0; c < columnCount_; c++) {
            const int i = attributes_[c];
            vector::Column single(columns[c].type(), &resource);
            single.appendRange(columns[c], static_cast<uint32_t>(row), 1);
            columnToDatums(single, TupleDescAttr(descriptor, i), &resource, &values[i], &nulls[i]);
        }
    });
}

void SegmentWriter::clear() {
    rows_ = 0;
    rawBytes_ = 0;
    for (int c = 0; c < columnCount_; c++) {
        sets_[active_][c].clear();
    }
}

}  // namespace footfall::storage
