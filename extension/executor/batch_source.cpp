// See batch_source.h.
#include "extension/executor/batch_source.h"

#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/sealed_segment.h"
#include "extension/storage/value.h"

namespace footfall::executor {

using scan::kBatchRows;

BatchSource* BatchSource::create(Relation relation, TableScanDesc scan, const List* attributes,
                                 BatchCounters* counters) {
    BatchSource* self = create(RelationGetDescr(relation), RelationGetRelid(relation),
                               table_slot_callbacks(relation), attributes, counters);
    self->scan_ = scan;
    return self;
}

BatchSource* BatchSource::create(TupleDesc descriptor, Oid table, const TupleTableSlotOps* slotKind,
                                 const List* attributes, BatchCounters* counters) {
    auto* self = new (palloc0(sizeof(BatchSource))) BatchSource();
    self->table_ = table;
    self->scan_ = nullptr;
    self->slot_ = MakeSingleTupleTableSlot(descriptor, slotKind);
    self->context_ = CurrentMemoryContext;
    self->batchContext_ =
        AllocSetContextCreate(CurrentMemoryContext, "footfall hot batch", ALLOCSET_DEFAULT_SIZES);
    self->resource_ =
        new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(CurrentMemoryContext);
    self->counters_ = counters;
    self->columnCount_ = list_length(attributes);
    self->columns_ = static_cast<SourceColumn*>(
        palloc0(sizeof(SourceColumn) * static_cast<Size>(Max(self->columnCount_, 1))));
    self->hot_ = true;
    self->hotDone_ = false;
    self->segment_ = nullptr;
    self->nextBlock_ = 0;
    self->firstRow_ = 0;
    self->lastAttribute_ = 0;
    for (int i = 0; i < self->columnCount_; i++) {
        SourceColumn& column = self->columns_[i];
        const int number = list_nth_int(attributes, i);
        if (number > 0) {
            column.attribute = number - 1;
            column.form = TupleDescAttr(descriptor, number - 1);
            self->lastAttribute_ = Max(self->lastAttribute_, number);
        } else {
            column.attribute = -1;
            column.form = valueForm(OIDOID);
        }
        pg::enterEngine([&] {
            column.decoded = pg::makeIn<scan::SegmentColumn>(self->context_, self->resource_);
        });
    }
    return self;
}

void BatchSource::close() {
    ExecDropSingleTupleTableSlot(slot_);
}

void BatchSource::forgetColumns() {
    for (int i = 0; i < columnCount_; i++) {
        columns_[i].decoded->forget();
    }
}

bool BatchSource::next(scan::Selection& selection) {
    CHECK_FOR_INTERRUPTS();
    forgetColumns();
    if (!hotDone_) {
        if (nextHot(selection)) {
            return true;
        }
        hotDone_ = true;
        hot_ = false;
        MemoryContextReset(batchContext_);
    }
    return nextSealed(selection);
}

// By-reference values point into the page: they are copied before the scan moves on.
void BatchSource::keepHotValue(SourceColumn& column, Datum value, bool null, uint32_t row) {
    if (column.values == nullptr) {
        column.nulls = static_cast<bool*>(MemoryContextAlloc(context_, kBatchRows));
        column.values =
            static_cast<Datum*>(MemoryContextAlloc(context_, sizeof(Datum) * kBatchRows));
    }
    column.nulls[row] = null;
    column.values[row] = null ? Datum{0} : copyValue(column.form, value);
}

void BatchSource::startRows() {
    forgetColumns();
    MemoryContextReset(batchContext_);
    rows_ = 0;
    hot_ = true;
}

void BatchSource::addRow(TupleTableSlot* slot) {
    slot_getsomeattrs(slot, lastAttribute_);
    MemoryContext previous = MemoryContextSwitchTo(batchContext_);
    for (int i = 0; i < columnCount_; i++) {
        const int attribute = columns_[i].attribute;
        if (attribute >= 0) {
            keepHotValue(columns_[i], slot->tts_values[attribute], slot->tts_isnull[attribute],
                         rows_);
        }
    }
    MemoryContextSwitchTo(previous);
    rows_++;
}

bool BatchSource::nextHot(scan::Selection& selection) {
    startRows();
    while (rows_ < kBatchRows && storage::scanNextHotRow(scan_, slot_)) {
        addRow(slot_);
    }
    selection.selectAll(rows_);
    counters_->hotRows += rows_;
    // A short batch is the last one: the scan must not be asked again.
    hotDone_ = rows_ < kBatchRows;
    hot_ = rows_ > 0;
    return rows_ > 0;
}

void BatchSource::showBlock(storage::SealedSegment* segment, uint32_t block) {
    forgetColumns();
    hot_ = false;
    segment_ = segment;
    firstRow_ = block * segment::kBlockRows;
    rows_ = Min(segment::kBlockRows, segment->meta().rows() - firstRow_);
}

bool BatchSource::nextSealed(scan::Selection& selection) {
    hot_ = false;
    for (;;) {
        if (segment_ == nullptr) {
            MemoryContext previous = MemoryContextSwitchTo(context_);
            segment_ = storage::scanNextSegment(scan_, slot_, &blocks_);
            MemoryContextSwitchTo(previous);
            if (segment_ == nullptr) {
                return false;
            }
            nextBlock_ = 0;
        }
        if (choice_ != nullptr) {
            pg::enterEngine([&] { choice_->choose(segment_, nextBlock_, &blocks_); });
        }
        const uint32_t blocks = segment_->meta().blocks();
        while (nextBlock_ < blocks && !blocks_[nextBlock_]) {
            nextBlock_++;
        }
        if (nextBlock_ >= blocks) {
            segment_ = nullptr;
            continue;
        }
        firstRow_ = nextBlock_ * segment::kBlockRows;
        rows_ = Min(segment::kBlockRows, segment_->meta().rows() - firstRow_);
        nextBlock_++;
        selection.selectAll(rows_);
        if (segment_->deletedCount() > 0) {
            for (uint32_t row = 0; row < rows_; row++) {
                if (segment_->isDeleted(static_cast<int32>(firstRow_ + row))) {
                    selection.remove(row);
                }
            }
        }
        counters_->sealedRows += selection.count();
        pgstat_count_index_tuples(scan_->rs_rd, selection.count());
        return true;
    }
}

int BatchSource::chunkOf(const SourceColumn& column) const {
    if (hot_ || column.attribute < 0 || !storage::isStored(column.form)) {
        return -1;
    }
    return segment_->columnOf(column.attribute);
}

const vector::Block& BatchSource::column(uint32_t index) {
    SourceColumn& column = columns_[index];
    if (!column.decoded->whole()) {
        load(column);
    }
    return column.decoded->block();
}

// Of sealed rows only those asked for are decoded, when they are few.
const vector::Block& BatchSource::columnFor(uint32_t index, const scan::Selection& selection) {
    SourceColumn& column = columns_[index];
    if (column.decoded->whole()) {
        return column.decoded->block();
    }
    const int chunk = chunkOf(column);
    if (chunk < 0) {
        load(column);
    } else {
        countBytes(column, column.decoded->load(segment_->reader(), static_cast<uint32_t>(chunk),
                                                firstRow_, rows_, selection));
    }
    return column.decoded->block();
}

bool BatchSource::zone(uint32_t index, int64_t& least, int64_t& greatest) {
    const int chunk = chunkOf(columns_[index]);
    if (chunk < 0) {
        return false;
    }
    const segment::ColumnStats& stats = segment_->meta().column(static_cast<uint32_t>(chunk)).stats;
    if (!stats.hasRange || stats.nullCount != 0 || stats.min.kind != segment::BoundKind::Integer) {
        return false;
    }
    least = stats.min.integer;
    greatest = stats.max.integer;
    return true;
}

const vector::Runs* BatchSource::runs(uint32_t index) {
    SourceColumn& column = columns_[index];
    const int chunk = chunkOf(column);
    if (chunk < 0) {
        return nullptr;
    }
    return column.decoded->runs(segment_->reader(), static_cast<uint32_t>(chunk), firstRow_, rows_);
}

// All rows of the batch.
void BatchSource::load(SourceColumn& column) {
    const int chunk = chunkOf(column);
    if (chunk >= 0) {
        countBytes(column, column.decoded->loadWhole(
                               segment_->reader(), static_cast<uint32_t>(chunk), firstRow_, rows_));
        return;
    }
    if (column.attribute < 0) {
        loadConstant(column, ObjectIdGetDatum(table_), false);
    } else if (hot_) {
        loadHot(column);
    } else {
        loadMissing(column);
    }
    column.decoded->setWhole();
}

void BatchSource::loadConstant(SourceColumn& column, Datum value, bool null) {
    vector::Block& block = column.decoded->block();
    block.shape = vector::Block::Shape::Constant;
    block.rows = rows_;
    block.values.reset(storage::columnTypeOf(column.form));
    if (null) {
        block.values.appendNull();
    } else {
        storage::appendValue(block.values, column.form, value);
    }
}

void BatchSource::loadHot(SourceColumn& column) {
    vector::Block& block = column.decoded->block();
    block.shape = vector::Block::Shape::Flat;
    block.rows = rows_;
    block.values.reset(storage::columnTypeOf(column.form));
    block.values.reserve(rows_);
    for (uint32_t row = 0; row < rows_; row++) {
        if (column.nulls[row]) {
            block.values.appendNull();
        } else {
            storage::appendValue(block.values, column.form, column.values[row]);
        }
    }
}

// A segment older than the column.
void BatchSource::loadMissing(SourceColumn& column) {
    if (!column.readMissing) {
        pg::callPostgres([&] {
            MemoryContext previous = MemoryContextSwitchTo(context_);
            column.missing = storage::SealedSegment::missingValue(
                segment_->storage(), segment_->descriptor(), column.attribute, &column.missingNull);
            if (!column.missingNull) {
                column.missing = copyValue(column.form, column.missing);
            }
            MemoryContextSwitchTo(previous);
        });
        column.readMissing = true;
    }
    loadConstant(column, column.missing, column.missingNull);
}

// Of the rows just decoded.
void BatchSource::countBytes(const SourceColumn& column, uint32_t rows) {
    const vector::Block& block = column.decoded->block();
    if (rows == 0) {
        return;
    }
    const uint64 bytes = block.shape == vector::Block::Shape::Dictionary
                             ? uint64{block.rows} * sizeof(uint32_t)
                             : block.values.byteSize();
    counters_->bytesDecoded += bytes * rows / Max(block.rows, 1);
}

}  // namespace footfall::executor
