// See segment_writer.h.
#include "extension/storage/segment_writer.h"

#include <cstring>

#include "engine/segment/segment_encoder.h"
#include "engine/segment/sort_permutation.h"
#include "extension/catalog/configuration.h"
#include "extension/module/settings.h"
#include "extension/pg/guard.h"
#include "extension/storage/value.h"

namespace footfall::storage {

namespace {

// A segment is closed before its raw values reach this, so that encoding stays within a bounded memory.
constexpr Size kMaxSegmentBytes = Size{32} * 1024 * 1024;

// Saves bytes as a TOAST value of the relation; returns its id.
Oid saveToastValue(Relation relation, std::span<const std::byte> bytes, MemoryContext scratch) {
    char* value = static_cast<char*>(MemoryContextAllocHuge(scratch, bytes.size() + VARHDRSZ));
    SET_VARSIZE(value, bytes.size() + VARHDRSZ);
    memcpy(VARDATA(value), bytes.data(), bytes.size());
    Datum saved = toast_save_datum(relation, PointerGetDatum(value), nullptr, HEAP_INSERT_NO_LOGICAL);
    struct varatt_external pointer;
    VARATT_EXTERNAL_GET_POINTER(pointer, DatumGetPointer(saved));
    pfree(DatumGetPointer(saved));
    pfree(value);
    return pointer.va_valueid;
}

int effortOf(catalog::Level level) { return static_cast<int>(level); }

}  // namespace

SegmentWriter* SegmentWriter::create(Relation relation, MemoryContext parent, catalog::Level level) {
    MemoryContext context = AllocSetContextCreate(parent, "footfall segment writer", ALLOCSET_DEFAULT_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(context);
    auto* self = new (palloc(sizeof(SegmentWriter))) SegmentWriter();
    self->context_ = context;
    self->resource_ = new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(context);
    self->level_ = level;
    self->rows_ = 0;
    self->rawBytes_ = 0;
    self->columnCount_ = 0;
    TupleDesc descriptor = RelationGetDescr(relation);
    self->attributes_ = static_cast<int16*>(palloc(sizeof(int16) * Max(descriptor->natts, 1)));
    self->columns_ = static_cast<vector::Column**>(palloc(sizeof(vector::Column*) * Max(descriptor->natts, 1)));
    pg::enterEngine([&] {
        for (int i = 0; i < descriptor->natts; i++) {
            Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
            if (isStored(attribute)) {
                self->attributes_[self->columnCount_] = static_cast<int16>(i);
                self->columns_[self->columnCount_++] =
                    pg::makeIn<vector::Column>(context, columnTypeOf(attribute), self->resource_);
            }
        }
    });
    MemoryContextSwitchTo(previous);
    return self;
}

void SegmentWriter::destroy() { MemoryContextDelete(context_); }

bool SegmentWriter::full() const {
    return rows_ >= static_cast<int32>(segment::kMaxRows) || rawBytes_ >= kMaxSegmentBytes;
}

void SegmentWriter::append(Relation relation, const Datum* values, const bool* nulls) {
    TupleDesc descriptor = RelationGetDescr(relation);
    Datum prepared[MaxHeapAttributeNumber];
    Size bytes = 0;
    for (int c = 0; c < columnCount_; c++) {
        const int i = attributes_[c];
        if (!nulls[i]) {
            prepared[c] = values[i];
            bytes += prepareValue(TupleDescAttr(descriptor, i), &prepared[c]);
        }
    }
    pg::enterEngine([&] {
        for (int c = 0; c < columnCount_; c++) {
            const int i = attributes_[c];
            if (nulls[i]) {
                columns_[c]->appendNull();
            } else {
                appendValue(*columns_[c], TupleDescAttr(descriptor, i), prepared[c]);
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

int32 SegmentWriter::write(Relation relation, CommandId cid, uint32** order) {
    const Oid storage = catalog::storageOf(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    MemoryContext callerContext = CurrentMemoryContext;
    MemoryContext scratch = AllocSetContextCreate(callerContext, "footfall encode", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSwitchTo(scratch);

    // The order key as column positions; a key column that was dropped ends the key.
    AttrNumber keyAttributes[catalog::kMaxOrderKeys];
    const int keyCount = catalog::orderKey(relation, keyAttributes);
    uint32_t keys[catalog::kMaxOrderKeys];
    int keysFound = 0;
    for (int k = 0; k < keyCount; k++) {
        int found = -1;
        for (int c = 0; c < columnCount_; c++) {
            if (attributes_[c] == keyAttributes[k] - 1) {
                found = c;
            }
        }
        if (found < 0) {
            break;
        }
        keys[keysFound++] = static_cast<uint32_t>(found);
    }

    uint32* positions = nullptr;
    if (order != nullptr) {
        positions = static_cast<uint32*>(MemoryContextAlloc(callerContext, sizeof(uint32) * Max(rows_, 1)));
    }
    segment::EncodedSegment* encoded = nullptr;
    bytea* meta = nullptr;
    pg::enterEngine([&] {
        pg::ContextResource resource(scratch);
        auto* lasting = pg::makeIn<pg::ContextResource>(scratch, scratch);
        std::pmr::vector<vector::Column> rows(&resource);
        rows.reserve(static_cast<std::size_t>(columnCount_));
        const std::span<const uint32_t> sortKeys(keys, static_cast<std::size_t>(keysFound));
        if (keysFound > 0) {
            std::pmr::vector<vector::Column*> unsorted(columns_, columns_ + columnCount_, &resource);
            // sortPermutation wants the columns in one span: they are moved out and back.
            for (vector::Column* column : unsorted) {
                rows.push_back(std::move(*column));
            }
            auto permutation = segment::sortPermutation(rows, sortKeys, &resource);
            for (std::size_t c = 0; c < rows.size(); c++) {
                vector::Column sorted = rows[c].gather(permutation, lasting);
                *unsorted[c] = std::move(rows[c]);
                rows[c] = std::move(sorted);
            }
            if (positions != nullptr) {
                std::copy(permutation.begin(), permutation.end(), positions);
            }
        } else {
            for (int c = 0; c < columnCount_; c++) {
                rows.push_back(std::move(*columns_[c]));
            }
            for (int32 i = 0; positions != nullptr && i < rows_; i++) {
                positions[i] = static_cast<uint32>(i);
            }
        }
        segment::EncodeOptions options;
        options.effort = effortOf(level_);
        options.sortKeys = sortKeys;
        options.bloomColumns = sortKeys;
        encoded = pg::makeIn<segment::EncodedSegment>(scratch, segment::encodeSegment(rows, options, lasting));
        if (keysFound == 0) {
            for (int c = 0; c < columnCount_; c++) {
                *columns_[c] = std::move(rows[static_cast<std::size_t>(c)]);
            }
        }
        std::pmr::vector<std::byte> bytes(&resource);
        encoded->meta.serialize(bytes);
        meta = static_cast<bytea*>(resource.allocate(bytes.size() + VARHDRSZ, MAXIMUM_ALIGNOF));
        SET_VARSIZE(meta, bytes.size() + VARHDRSZ);
        memcpy(VARDATA(meta), bytes.data(), bytes.size());
    });

    catalog::SegmentRow row = {};
    row.rows = rows_;
    row.level = level_;
    row.rawBytes = static_cast<int64>(rawBytes_);
    row.columns = columnCount_;
    row.attributes = static_cast<int16*>(palloc(sizeof(int16) * Max(columnCount_, 1)));
    row.valueIds = static_cast<Oid*>(palloc(sizeof(Oid) * Max(columnCount_, 1)));
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
    catalog::insertSegment(storage, unlogged, row, cid);
    catalog::releaseNumber(storage, row.number);
    module::failpoint("segment_after_catalog");

    MemoryContextSwitchTo(callerContext);
    MemoryContextDelete(scratch);
    if (order != nullptr) {
        *order = positions;
    }
    clear();
    return row.number;
}

void SegmentWriter::read(Relation relation, int32 row, Datum* values, bool* nulls) {
    TupleDesc descriptor = RelationGetDescr(relation);
    memset(nulls, 1, static_cast<Size>(descriptor->natts));
    memset(values, 0, sizeof(Datum) * static_cast<Size>(descriptor->natts));
    pg::enterEngine([&] {
        pg::ContextResource resource(CurrentMemoryContext);
        for (int c = 0; c < columnCount_; c++) {
            const int i = attributes_[c];
            vector::Column single(columns_[c]->type(), &resource);
            single.appendRange(*columns_[c], static_cast<uint32_t>(row), 1);
            columnToDatums(single, TupleDescAttr(descriptor, i), &resource, &values[i], &nulls[i]);
        }
    });
}

void SegmentWriter::clear() {
    rows_ = 0;
    rawBytes_ = 0;
    for (int c = 0; c < columnCount_; c++) {
        columns_[c]->clear();
    }
}

}  // namespace footfall::storage
