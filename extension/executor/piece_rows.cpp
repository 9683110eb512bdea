// See piece_rows.h.
#include "extension/executor/piece_rows.h"

#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"

namespace footfall::executor {

namespace {

// Rows have numbers of 32 bits: more go into the tuplesort, whatever work_mem allows.
constexpr uint32_t kMostRows = PG_UINT32_MAX - 2 * scan::kBatchRows;

int64 keyOf(Form_pg_attribute form, Datum value) {
    switch (form->attlen) {
        case 2:
            return DatumGetInt16(value);
        case 4:
            return DatumGetInt32(value);
        default:
            return DatumGetInt64(value);
    }
}

template <typename T>
void grow(T** array, Size count) {
    *array = static_cast<T*>(*array == nullptr ? palloc_extended(sizeof(T) * count, MCXT_ALLOC_HUGE)
                                               : repalloc_huge(*array, sizeof(T) * count));
}

// The values of a flat block as varlenas, one behind the other in one piece of memory.
void copyTexts(const vector::Block& block, const scan::Selection& selection, Datum* values,
               bool* nulls) {
    Size size = 0;
    for (uint32_t i = 0; i < selection.count(); i++) {
        nulls[i] = block.values.isNull(selection[i]);
        size += nulls[i] ? 0 : MAXALIGN(VARHDRSZ + block.values.bytesAt(selection[i]).size());
    }
    auto* at = static_cast<char*>(palloc_extended(Max(size, Size{1}), MCXT_ALLOC_HUGE));
    for (uint32_t i = 0; i < selection.count(); i++) {
        values[i] = Datum{0};
        if (nulls[i]) {
            continue;
        }
        const std::string_view bytes = block.values.bytesAt(selection[i]);
        SET_VARSIZE(at, VARHDRSZ + bytes.size());
        std::copy(bytes.begin(), bytes.end(), VARDATA(at));
        values[i] = PointerGetDatum(at);
        at += MAXALIGN(VARHDRSZ + bytes.size());
    }
}

}  // namespace

PieceRows* PieceRows::create(const Column* columns, int columnCount, const int* order,
                             int orderCount) {
    auto* self = new (palloc0(sizeof(PieceRows))) PieceRows();
    self->columns_ = columns;
    self->columnCount_ = columnCount;
    self->order_ = order;
    self->orderCount_ = orderCount;
    self->entries_ =
        static_cast<Entries*>(palloc0(sizeof(Entries) * static_cast<Size>(Max(columnCount, 1))));
    self->context_ =
        AllocSetContextCreate(CurrentMemoryContext, "footfall piece rows", ALLOCSET_DEFAULT_SIZES);
    self->descriptor_ = CreateTemplateTupleDesc(columnCount);
    for (int i = 0; i < columnCount; i++) {
        TupleDescInitEntry(self->descriptor_, static_cast<AttrNumber>(i + 1), nullptr,
                           columns[i].form->atttypid, -1, 0);
    }
    self->input_ = MakeSingleTupleTableSlot(self->descriptor_, &TTSOpsVirtual);
    self->output_ = MakeSingleTupleTableSlot(self->descriptor_, &TTSOpsMinimalTuple);
    return self;
}

void PieceRows::clear() {
    ExecClearTuple(output_);
    if (sort_ != nullptr) {
        tuplesort_end(sort_);
        sort_ = nullptr;
    }
    MemoryContextReset(context_);
    rows_ = 0;
    room_ = 0;
    values_ = nullptr;
    nulls_ = nullptr;
    memset(entries_, 0, sizeof(Entries) * static_cast<Size>(columnCount_));
    keys_ = nullptr;
    keyNulls_ = nullptr;
    sorted_ = nullptr;
    stretches_ = nullptr;
    stretchCount_ = 0;
    stretchRoom_ = 0;
    next_ = 0;
}

bool PieceRows::comesBefore(uint32_t left, uint32_t right) const {
    const Size a = Size{left} * static_cast<Size>(orderCount_);
    const Size b = Size{right} * static_cast<Size>(orderCount_);
    for (Size i = 0; i < static_cast<Size>(orderCount_); i++) {
        if (keyNulls_[a + i] != keyNulls_[b + i]) {
            return keyNulls_[b + i];
        }
        if (keys_[a + i] != keys_[b + i]) {
            return keys_[a + i] < keys_[b + i];
        }
    }
    return false;
}

// Room for so many rows. Columns are moved apart from the last one on.
void PieceRows::reserve(uint32_t rows) {
    if (rows <= room_) {
        return;
    }
    const auto room = static_cast<uint32_t>(Min(
        Max(Max(Size{room_} * 2, Size{rows}), Size{2 * scan::kBatchRows}), Size{PG_UINT32_MAX}));
    const auto columns = static_cast<Size>(columnCount_);
    const auto keys = static_cast<Size>(orderCount_);
    grow(&values_, room * columns);
    grow(&nulls_, room * columns);
    for (Size c = columns; c-- > 1 && rows_ > 0;) {
        memmove(values_ + c * room, values_ + c * room_, sizeof(Datum) * rows_);
        memmove(nulls_ + c * room, nulls_ + c * room_, rows_);
    }
    grow(&keys_, room * keys);
    grow(&keyNulls_, room * keys);
    grow(&sorted_, room);
    room_ = room;
}

// nullptr where the rows, so many, are too few for a table of all entries.
Datum* PieceRows::entriesOf(int number, const vector::Block& block, uint32_t rows) {
    constexpr uint32_t kEntriesPerRow = 4;
    if (block.shape != vector::Block::Shape::Dictionary || columns_[number].form->attbyval) {
        return nullptr;
    }
    Entries& entries = entries_[number];
    if (entries.values != nullptr && entries.dictionaryId == block.dictionaryId) {
        return entries.values;
    }
    const uint32_t size = block.dictionary->size();
    if (size > kEntriesPerRow * rows) {
        return nullptr;
    }
    entries = {block.dictionaryId, static_cast<Datum*>(palloc0(sizeof(Datum) * Max(size, 1u)))};
    return entries.values;
}

void PieceRows::addColumn(int number, const vector::Block& block,
                          const scan::Selection& selection) {
    const Column& column = columns_[number];
    Datum* values = values_ + Size{room_} * static_cast<Size>(number) + rows_;
    bool* nulls = nulls_ + Size{room_} * static_cast<Size>(number) + rows_;
    if (block.shape == vector::Block::Shape::Constant && selection.count() > 0) {
        const Datum value = datumAt(block, selection[0], column.form, &nulls[0]);
        std::fill_n(values, selection.count(), value);
        std::fill_n(nulls, selection.count(), nulls[0]);
        return;
    }
    if (block.shape == vector::Block::Shape::Flat && column.form->attlen == -1) {
        copyTexts(block, selection, values, nulls);
        return;
    }
    Datum* entries = entriesOf(number, block, selection.count());
    for (uint32_t i = 0; i < selection.count(); i++) {
        const uint32_t row = selection[i];
        if (entries == nullptr) {
            values[i] = datumAt(block, row, column.form, &nulls[i]);
            continue;
        }
        nulls[i] = block.isNull(row);
        values[i] = Datum{0};
        if (!nulls[i]) {
            Datum& entry = entries[block.holderRow(row)];
            if (entry == Datum{0}) {
                entry = datumAt(block, row, column.form, &nulls[i]);
            }
            values[i] = entry;
        }
    }
}

// Takes the keys of the rows from `first` on out of their columns, and finds where stretches begin.
void PieceRows::addKeys(uint32_t first) {
    for (uint32_t row = first; row < rows_; row++) {
        for (int i = 0; i < orderCount_; i++) {
            const Size at = Size{room_} * static_cast<Size>(order_[i]) + row;
            const Size key = Size{row} * static_cast<Size>(orderCount_) + static_cast<Size>(i);
            keyNulls_[key] = nulls_[at];
            keys_[key] = nulls_[at] ? 0 : keyOf(columns_[order_[i]].form, values_[at]);
        }
        sorted_[row] = row;
        if (row > 0 && !comesBefore(row, row - 1)) {
            continue;
        }
        if (stretchCount_ == stretchRoom_) {
            const uint32_t room = Max(stretchRoom_ * 2, uint32_t{64});
            grow(&stretches_, room);
            stretchRoom_ = room;
        }
        stretches_[stretchCount_++] = row;
    }
}

void PieceRows::add(scan::Batch& batch, const scan::Selection& selection) {
    MemoryContext previous = MemoryContextSwitchTo(context_);
    const uint32_t first = rows_;
    reserve(rows_ + selection.count());
    for (int i = 0; i < columnCount_; i++) {
        const vector::Block* block = nullptr;
        pg::enterEngine([&] { block = &batch.columnFor(columns_[i].batchColumn, selection); });
        addColumn(i, *block, selection);
    }
    rows_ += selection.count();
    addKeys(first);
    MemoryContextSwitchTo(previous);
    if (sort_ != nullptr || rows_ > kMostRows ||
        MemoryContextMemAllocated(context_, true) > Size{1024} * static_cast<Size>(work_mem)) {
        spill();
    }
}

void PieceRows::spillRow(uint32_t row) {
    ExecClearTuple(input_);
    for (int i = 0; i < columnCount_; i++) {
        const Size at = Size{room_} * static_cast<Size>(i) + row;
        input_->tts_values[i] = values_[at];
        input_->tts_isnull[i] = nulls_[at];
    }
    ExecStoreVirtualTuple(input_);
    tuplesort_puttupleslot(sort_, input_);
}

// Moves the rows that are there into the tuplesort.
void PieceRows::spill() {
    if (sort_ == nullptr) {
        const auto count = static_cast<Size>(orderCount_);
        auto* attributes = static_cast<AttrNumber*>(palloc(sizeof(AttrNumber) * count));
        auto* operators = static_cast<Oid*>(palloc(sizeof(Oid) * count));
        auto* collations = static_cast<Oid*>(palloc0(sizeof(Oid) * count));
        auto* nullsFirst = static_cast<bool*>(palloc0(sizeof(bool) * count));
        for (Size i = 0; i < count; i++) {
            attributes[i] = static_cast<AttrNumber>(order_[i] + 1);
            operators[i] =
                lookup_type_cache(columns_[order_[i]].form->atttypid, TYPECACHE_LT_OPR)->lt_opr;
        }
        sort_ = tuplesort_begin_heap(descriptor_, orderCount_, attributes, operators, collations,
                                     nullsFirst, work_mem, nullptr, TUPLESORT_NONE);
        spilled_++;
    }
    for (uint32_t row = 0; row < rows_; row++) {
        CHECK_FOR_INTERRUPTS();
        spillRow(row);
    }
    ExecClearTuple(input_);
    Tuplesortstate* sort = sort_;
    sort_ = nullptr;
    clear();
    sort_ = sort;
}

// Merges neighbouring stretches until there is one.
void PieceRows::merge() {
    const auto before = [this](uint32_t left, uint32_t right) { return comesBefore(left, right); };
    while (stretchCount_ > 1) {
        CHECK_FOR_INTERRUPTS();
        uint32_t left = 0;
        for (uint32_t i = 0; i < stretchCount_; i += 2) {
            const uint32_t begin = stretches_[i];
            if (i + 1 < stretchCount_) {
                const uint32_t end = i + 2 < stretchCount_ ? stretches_[i + 2] : rows_;
                std::inplace_merge(sorted_ + begin, sorted_ + stretches_[i + 1], sorted_ + end,
                                   before);
            }
            stretches_[left++] = begin;
        }
        stretchCount_ = left;
    }
}

void PieceRows::finish() {
    if (sort_ != nullptr) {
        tuplesort_performsort(sort_);
        return;
    }
    merge();
}

bool PieceRows::next(TupleTableSlot* slot) {
    if (sort_ != nullptr) {
        if (!tuplesort_gettupleslot(sort_, true, false, output_, nullptr)) {
            return false;
        }
        slot_getallattrs(output_);
        for (int i = 0; i < columnCount_; i++) {
            slot->tts_values[i] = output_->tts_values[i];
            slot->tts_isnull[i] = output_->tts_isnull[i];
        }
        return true;
    }
    if (next_ == rows_) {
        return false;
    }
    const uint32_t row = sorted_[next_++];
    for (int i = 0; i < columnCount_; i++) {
        const Size at = Size{room_} * static_cast<Size>(i) + row;
        slot->tts_values[i] = values_[at];
        slot->tts_isnull[i] = nulls_[at];
    }
    return true;
}

void PieceRows::close() {
    clear();
    ExecDropSingleTupleTableSlot(input_);
    ExecDropSingleTupleTableSlot(output_);
}

}  // namespace footfall::executor
