// See sealed_segment.h.
#include "extension/storage/sealed_segment.h"

#include "extension/catalog/fast_default.h"
#include "extension/catalog/tombstone.h"
#include "extension/pg/guard.h"
#include "extension/storage/toast_value.h"
#include "extension/storage/value.h"

namespace footfall::storage {

void ToastSource::fetch(uint32_t column, uint32_t offset, std::span<std::byte> into) {
    pg::callPostgres([&] {
        CHECK_FOR_INTERRUPTS();
        fetchToastSlice(toastRelation_, row_->valueIds[column], meta_->column(column).chunkBytes,
                        offset, into);
    });
}

void ToastSource::fetchIndex(uint32_t offset, std::span<std::byte> into) {
    pg::callPostgres([&] {
        fetchToastSlice(toastRelation_, row_->indexValue, static_cast<uint32>(row_->indexBytes),
                        offset, into);
    });
}

SealedSegment* SealedSegment::create(Relation relation, TupleDesc descriptor) {
    auto* self = new (palloc(sizeof(SealedSegment))) SealedSegment();
    const int natts = descriptor->natts;
    self->table_ = RelationGetRelid(relation);
    self->storage_ = catalog::storageOf(relation);
    self->unlogged_ = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    self->descriptor_ = descriptor;
    self->segmentContext_ =
        AllocSetContextCreate(CurrentMemoryContext, "footfall segment", ALLOCSET_DEFAULT_SIZES);
    self->batchContext_ =
        AllocSetContextCreate(CurrentMemoryContext, "footfall batch", ALLOCSET_DEFAULT_SIZES);
    self->segmentResource_ =
        new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(self->segmentContext_);
    self->batchResource_ =
        new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(self->batchContext_);
    self->row_ = nullptr;
    self->meta_ = nullptr;
    self->reader_ = nullptr;
    self->archived_ = nullptr;
    self->habit_ = {natts, static_cast<bool*>(palloc0(static_cast<Size>(Max(natts, 1))))};
    self->cached_ = true;
    self->deleted_ = nullptr;
    self->deletedCount_ = 0;
    self->rangeFirst_ = 0;
    self->rangeEnd_ = 0;
    self->columnOf_ = static_cast<int16*>(palloc0(sizeof(int16) * Max(natts, 1)));
    self->attributes_ =
        static_cast<AttributeBatch*>(palloc0(sizeof(AttributeBatch) * Max(natts, 1)));
    return self;
}

void SealedSegment::destroy() {
    MemoryContextDelete(segmentContext_);
    MemoryContextDelete(batchContext_);
}

void SealedSegment::open(const catalog::SegmentRow* row, Snapshot snapshot) {
    MemoryContextReset(batchContext_);
    MemoryContextReset(segmentContext_);
    row_ = row;
    meta_ = nullptr;
    reader_ = nullptr;
    archived_ = nullptr;
    rangeFirst_ = 0;
    rangeEnd_ = 0;
    deleted_ = nullptr;
    deletedCount_ = 0;
    const int natts = descriptor_->natts;
    for (int i = 0; i < natts; i++) {
        columnOf_[i] = -1;
        attributes_[i].loaded = false;
        attributes_[i].block = nullptr;
        attributes_[i].dictionaryId = 0;
        attributes_[i].dictionaryValues = nullptr;
    }
    for (int i = 0; i < row->columns; i++) {
        if (row->attributes[i] >= 1 && row->attributes[i] <= natts) {
            columnOf_[row->attributes[i] - 1] = static_cast<int16>(i);
        }
    }
    if (snapshot != nullptr) {
        hideDeleted(snapshot);
    }
    MemoryContext previous = MemoryContextSwitchTo(segmentContext_);
    pg::enterEngine([&] {
        std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(VARDATA_ANY(row->meta)),
                                         VARSIZE_ANY_EXHDR(row->meta));
        meta_ = pg::makeIn<segment::SegmentMeta>(
            segmentContext_, segment::SegmentMeta::parse(bytes, segmentResource_));
        checkLayout();
        auto* source = pg::makeIn<ToastSource>(segmentContext_, storage_, row, meta_);
        if (!row->isCold()) {
            reader_ = pg::makeIn<segment::SegmentReader>(segmentContext_, *meta_, *source,
                                                         segmentResource_);
            return;
        }
        archived_ = pg::makeIn<ArchivedColumns>(segmentContext_, table_, storage_, row, meta_,
                                                habit_, cached_, segmentResource_);
        reader_ = pg::makeIn<segment::SegmentReader>(segmentContext_, *meta_, *source, *archived_,
                                                     segmentResource_);
    });
    MemoryContextSwitchTo(previous);
}

void SealedSegment::countInto(ArchiveCounters* counters) {
    if (archived_ != nullptr) {
        archived_->countInto(counters);
    }
}

void SealedSegment::hideDeleted(Snapshot snapshot) {
    MemoryContext previous = MemoryContextSwitchTo(segmentContext_);
    deleted_ = catalog::deletedRows(storage_, unlogged_, row_->number, row_->rows, snapshot,
                                    &deletedCount_);
    MemoryContextSwitchTo(previous);
}

// The catalog row, the segment's metadata and the table must tell the same story.
void SealedSegment::checkLayout() {
    if (meta_->rows() != static_cast<uint32_t>(row_->rows) ||
        meta_->columnCount() != static_cast<uint32_t>(row_->columns) ||
        meta_->indexBytes() != static_cast<uint32_t>(row_->indexBytes)) {
        base::throwCorrupt("segment %d of table %u: catalog row and segment header differ",
                           row_->number, table_);
    }
    for (int i = 0; i < descriptor_->natts; i++) {
        Form_pg_attribute attribute = TupleDescAttr(descriptor_, i);
        if (columnOf_[i] < 0 || attribute->attisdropped) {
            continue;
        }
        const vector::ColumnType stored = meta_->column(static_cast<uint32_t>(columnOf_[i])).type;
        const vector::ColumnType wanted = columnTypeOf(attribute);
        if (stored.kind != wanted.kind || stored.width != wanted.width) {
            base::throwCorrupt("segment %d of table %u: column \"%s\" is stored as another type",
                               row_->number, table_, NameStr(attribute->attname));
        }
    }
}

void SealedSegment::startBatch(int32 first, int32 end) {
    CHECK_FOR_INTERRUPTS();
    MemoryContextReset(batchContext_);
    const int natts = descriptor_->natts;
    for (int i = 0; i < natts; i++) {
        attributes_[i].loaded = false;
    }
    rangeFirst_ = first;
    rangeEnd_ = end;
}

void SealedSegment::loadAttribute(int attribute) {
    AttributeBatch& target = attributes_[attribute];
    const int32 count = rangeEnd_ - rangeFirst_;
    if (target.room < count) {
        // Beside the segment's context, so that it stays for the next segment. A look-up's few rows
        // take little.
        constexpr int32 kFewRows = 64;
        MemoryContext parent = MemoryContextGetParent(segmentContext_);
        target.room = count <= kFewRows ? kFewRows : kBatchRows;
        const auto room = static_cast<Size>(target.room);
        target.nulls = static_cast<bool*>(MemoryContextAlloc(parent, room));
        target.values = static_cast<Datum*>(MemoryContextAlloc(parent, sizeof(Datum) * room));
    }
    Datum* values = target.values;
    bool* nulls = target.nulls;
    Form_pg_attribute form = TupleDescAttr(descriptor_, attribute);
    const int column = columnOf_[attribute];
    // Decoding may be asked for in any context, such as tuplesort's, whose allocations cannot be
    // freed one by one.
    MemoryContext previous = MemoryContextSwitchTo(batchContext_);
    if (column < 0 || !isStored(form)) {
        bool null = false;
        Datum value = missingValue(storage_, descriptor_, attribute, &null);
        MemoryContextSwitchTo(previous);
        std::fill(values, values + count, value);
        std::fill(nulls, nulls + count, null);
        target.loaded = true;
        return;
    }
    pg::enterEngine([&] {
        if (target.block == nullptr) {
            target.block = pg::makeIn<vector::Block>(segmentContext_, segmentResource_);
        }
        vector::Block& block = *target.block;
        reader_->read(static_cast<uint32_t>(column), static_cast<uint32_t>(rangeFirst_),
                      static_cast<uint32_t>(count), block);
        if (block.shape != vector::Block::Shape::Dictionary) {
            blockToDatums(block, form, batchResource_, values, nulls);
            return;
        }
        const uint32_t entries = block.dictionary->size();
        const bool known =
            target.dictionaryValues != nullptr && target.dictionaryId == block.dictionaryId;
        // Few rows of a segment do not pay for the Datums of a long dictionary.
        if (!known && reader_->sparse() && entries > block.rows) {
            auto* flat =
                pg::makeIn<vector::Column>(batchContext_, block.dictionary->type(), batchResource_);
            block.flatten(*flat);
            columnToDatums(*flat, form, batchResource_, values, nulls);
            return;
        }
        if (!known) {
            auto* all =
                static_cast<Datum*>(segmentResource_->allocate(sizeof(Datum) * Max(entries, 1u)));
            auto* allNulls = static_cast<bool*>(segmentResource_->allocate(Max(entries, 1u)));
            columnToDatums(*block.dictionary, form, segmentResource_, all, allNulls);
            segmentResource_->deallocate(allNulls, Max(entries, 1u));
            target.dictionaryValues = all;
            target.dictionaryId = block.dictionaryId;
        }
        for (uint32_t i = 0; i < block.rows; i++) {
            nulls[i] = block.codes[i] == vector::kNullCode;
            values[i] = nulls[i] ? Datum{0} : target.dictionaryValues[block.codes[i]];
        }
    });
    MemoryContextSwitchTo(previous);
    target.loaded = true;
}

Datum SealedSegment::missingValue(Oid storage, TupleDesc descriptor, int attribute, bool* null) {
    Form_pg_attribute form = TupleDescAttr(descriptor, attribute);
    *null = true;
    if (!isStored(form)) {
        return Datum{0};
    }
    if (form->atthasmissing) {
        return getmissingattr(descriptor, attribute + 1, null);
    }
    return catalog::findFastDefault(storage, form, null);
}

}  // namespace footfall::storage
