// See batch_source.h.
#include "extension/executor/batch_source.h"

#include "engine/scan/row_mask.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/sealed_segment.h"
#include "extension/storage/value.h"

namespace footfall::executor {

using scan::kBatchRows;

namespace {

// Rows read one by one cost this many times as much as all in a row, about.
constexpr uint32_t kCostOfOne = 2;

// Rows with values out of line may be a thousand times their page: a batch has few of them.
constexpr uint32_t kWideRows = 64;

// Tuples are spread over more memory than caches hold: they are fetched so many rows ahead.
constexpr uint32_t kPrefetched = 8;

void prefetch(HeapTupleHeader tuple) {
    constexpr int kLine = 64;
    const char* at = reinterpret_cast<const char*>(tuple);
    __builtin_prefetch(at);
    __builtin_prefetch(at + kLine);
}

}  // namespace

BatchSource* BatchSource::create(Relation relation, TableScanDesc scan, const List* attributes,
                                 BatchCounters* counters) {
    BatchSource* self = create(RelationGetDescr(relation), RelationGetRelid(relation),
                               table_slot_callbacks(relation), attributes, counters);
    self->scan_ = scan;
    self->attributes_ = attributes;
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
    releasePages();
    ExecDropSingleTupleTableSlot(slot_);
}

void BatchSource::forgetColumns() {
    for (int i = 0; i < columnCount_; i++) {
        columns_[i].decoded->forget();
        columns_[i].some = false;
    }
}

void BatchSource::releasePages() {
    while (pageCount_ > 0) {
        ReleaseBuffer(pages_[--pageCount_]);
    }
}

bool BatchSource::next(scan::Selection& selection) {
    CHECK_FOR_INTERRUPTS();
    forgetColumns();
    if (nextHot(selection)) {
        return true;
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
    releasePages();
    MemoryContextReset(batchContext_);
    gathered_ = nullptr;
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

// What tables without hot rows do not need.
void BatchSource::makeReader() {
    MemoryContext previous = MemoryContextSwitchTo(context_);
    auto* targets = static_cast<storage::TupleReader::Target*>(
        palloc(sizeof(storage::TupleReader::Target) * static_cast<Size>(Max(columnCount_, 1))));
    for (int i = 0; i < columnCount_; i++) {
        columns_[i].values = static_cast<Datum*>(palloc(sizeof(Datum) * kBatchRows));
        columns_[i].nulls = static_cast<bool*>(palloc(kBatchRows));
        targets[i] = {columns_[i].values, columns_[i].nulls};
    }
    reader_ = storage::TupleReader::create(RelationGetDescr(scan_->rs_rd), attributes_, targets);
    MemoryContextSwitchTo(previous);
}

// Fewer rows than fit where pages hold few: not more of them are pinned.
bool BatchSource::nextHot(scan::Selection& selection) {
    startRows();
    if (hotDone_) {
        return false;
    }
    if (tuples_ == nullptr) {
        pageRoom_ = storage::mostPinnedPages(scan_->rs_rd);
        tuples_ = static_cast<HeapTupleHeader*>(
            MemoryContextAlloc(context_, sizeof(HeapTupleHeader) * kBatchRows));
        pages_ = static_cast<Buffer*>(MemoryContextAlloc(context_, sizeof(Buffer) * pageRoom_));
    }
    walked_.fill(0);
    bool wide = false;
    while (rows_ < kBatchRows && pageCount_ < pageRoom_ && !wide) {
        CHECK_FOR_INTERRUPTS();
        const uint32_t room = rows_ == 0 ? kWideRows : kBatchRows - rows_;
        const uint32_t found =
            storage::scanNextHotTuples(scan_, slot_, tuples_ + rows_, room, &pages_[pageCount_]);
        if (found == 0) {
            hotDone_ = true;
            break;
        }
        pageCount_++;
        for (const uint32_t end = rows_ + found; rows_ < end; rows_++) {
            wide = wide || (tuples_[rows_]->t_infomask & HEAP_HASEXTERNAL) != 0;
        }
    }
    if (rows_ > 0 && reader_ == nullptr) {
        makeReader();
    }
    selection.selectAll(rows_);
    counters_->hotRows += rows_;
    hot_ = rows_ > 0;
    return hot_;
}

void BatchSource::showRows(const ColumnChunks* columns, std::span<const uint32_t> rows) {
    startRows();
    rows_ = static_cast<uint32_t>(rows.size());
    gathered_ = columns;
    gatheredRows_ = rows;
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
            if (stop_ != nullptr && stop_->stopsBefore(scan_)) {
                return false;
            }
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
        load(index);
    }
    return column.decoded->block();
}

// Only the rows asked for are decoded, when they are few.
const vector::Block& BatchSource::columnFor(uint32_t index, const scan::Selection& selection) {
    SourceColumn& column = columns_[index];
    if (column.decoded->whole()) {
        return column.decoded->block();
    }
    const int chunk = chunkOf(column);
    if (hot_ && reader_ != nullptr && column.attribute >= 0) {
        showHot(index, selection);
    } else if (chunk < 0) {
        load(index);
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
void BatchSource::load(uint32_t index) {
    SourceColumn& column = columns_[index];
    const int chunk = chunkOf(column);
    if (chunk >= 0) {
        countBytes(column, column.decoded->loadWhole(
                               segment_->reader(), static_cast<uint32_t>(chunk), firstRow_, rows_));
        return;
    }
    if (column.attribute < 0) {
        loadConstant(column, ObjectIdGetDatum(table_), false);
    } else if (hot_) {
        scan::Selection all;
        all.selectAll(rows_);
        loadHot(index, all);
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

// Reads the column's values of the rows from their pages.
void BatchSource::readHot(uint32_t index, const scan::Selection& selection) {
    const uint32_t count = selection.count();
    const bool placed = reader_->isPlaced(static_cast<int>(index));
    for (uint32_t i = 0; i < count; i++) {
        prefetch(tuples_[selection[Min(i + kPrefetched, count - 1)]]);
        const uint32_t row = selection[i];
        if (placed) {
            reader_->readPlaced(static_cast<int>(index), tuples_[row], row);
        } else if (!scan::testBit(walked_.data(), row)) {
            reader_->readWalked(tuples_[row], row);
            scan::setBit(walked_.data(), row);
        }
    }
}

namespace {

// Rows that are not selected have no value that anyone looks at.
template <class T>
void fillFixed(vector::Column& column, uint32_t rows, const scan::Selection& selection,
               const Datum* values, const bool* nulls) {
    auto* target = reinterpret_cast<T*>(column.extendFixed(rows));
    uint64_t words[kBatchRows / 64] = {};
    bool anyNull = false;
    if (!selection.all()) {
        std::fill(target, target + rows, T{});
    }
    for (uint32_t i = 0; i < selection.count(); i++) {
        const uint32_t row = selection[i];
        target[row] = static_cast<T>(values[row]);
        if (nulls[row]) {
            scan::setBit(words, row);
            anyNull = true;
        }
    }
    if (anyNull) {
        column.setNulls(words);
    }
}

// Types that are neither integers to the machine nor varlena.
void fillEach(vector::Column& column, Form_pg_attribute form, uint32_t rows,
              const scan::Selection& selection, const Datum* values, const bool* nulls) {
    uint32_t row = 0;
    const auto skipTo = [&](uint32_t next) {
        for (; row < next; row++) {
            if (form->attlen > 0) {
                memset(column.extendFixed(1), 0, static_cast<Size>(form->attlen));
            } else {
                column.appendBytes({});
            }
        }
    };
    for (uint32_t i = 0; i < selection.count(); i++) {
        skipTo(selection[i]);
        if (nulls[row]) {
            column.appendNull();
        } else {
            storage::appendValue(column, form, values[row]);
        }
        row++;
    }
    skipTo(rows);
}

}  // namespace

// Values that are compressed or out of line are replaced by those that they stand for.
void BatchSource::fillBytes(SourceColumn& column, const scan::Selection& selection) {
    vector::Column& values = column.decoded->block().values;
    uint32_t next = 0;
    for (uint32_t i = 0; i < selection.count(); i++) {
        const uint32_t row = selection[i];
        for (; next < row; next++) {
            values.appendBytes({});
        }
        next++;
        if (column.nulls[row]) {
            values.appendNull();
            continue;
        }
        auto* varlena = reinterpret_cast<struct varlena*>(DatumGetPointer(column.values[row]));
        if (VARATT_IS_EXTERNAL(varlena) || VARATT_IS_COMPRESSED(varlena)) {
            pg::callPostgres([&] {
                MemoryContext previous = MemoryContextSwitchTo(batchContext_);
                storage::prepareValue(column.form, &column.values[row]);
                MemoryContextSwitchTo(previous);
            });
            varlena = reinterpret_cast<struct varlena*>(DatumGetPointer(column.values[row]));
        }
        values.appendBytes(VARDATA_ANY(varlena), VARSIZE_ANY_EXHDR(varlena));
    }
    for (; next < rows_; next++) {
        values.appendBytes({});
    }
}

void BatchSource::loadHot(uint32_t index, const scan::Selection& selection) {
    SourceColumn& column = columns_[index];
    if (reader_ != nullptr) {
        readHot(index, selection);
    }
    vector::Block& block = column.decoded->block();
    block.shape = vector::Block::Shape::Flat;
    block.rows = rows_;
    block.values.reset(storage::columnTypeOf(column.form));
    block.values.reserve(rows_);
    if (gathered_ != nullptr) {
        gathered_[index].gather(gatheredRows_, block.values);
        return;
    }
    const int width = column.form->attbyval ? column.form->attlen : 0;
    if (width == 8) {
        fillFixed<uint64_t>(block.values, rows_, selection, column.values, column.nulls);
    } else if (width == 4) {
        fillFixed<uint32_t>(block.values, rows_, selection, column.values, column.nulls);
    } else if (width == 2) {
        fillFixed<uint16_t>(block.values, rows_, selection, column.values, column.nulls);
    } else if (column.form->attlen == -1) {
        fillBytes(column, selection);
    } else {
        fillEach(block.values, column.form, rows_, selection, column.values, column.nulls);
    }
}

// As SegmentColumn does: once for few rows, then for all.
void BatchSource::showHot(uint32_t index, const scan::Selection& selection) {
    SourceColumn& column = columns_[index];
    const uint32_t count = selection.count();
    if (column.some) {
        bool shown = true;
        for (uint32_t i = 0; i < count && shown; i++) {
            shown = scan::testBit(column.shown.data(), selection[i]);
        }
        if (shown) {
            return;
        }
        column.some = false;
    } else if (count * kCostOfOne <= rows_) {
        loadHot(index, selection);
        column.shown.fill(0);
        for (uint32_t i = 0; i < count; i++) {
            scan::setBit(column.shown.data(), selection[i]);
        }
        column.some = true;
        return;
    }
    load(index);
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
