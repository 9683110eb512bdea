// SortedRun of customer_run.h.
#include <bit>
#include <numeric>
#include <utility>

#include "extension/executor/customer_run.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/value.h"

namespace footfall::executor {

namespace {

// Rows have numbers of 32 bits: more go into the tuplesort, whatever work_mem allows. The last
// batch and a loop by batches come on top.
constexpr uint32_t kMostRows = PG_UINT32_MAX - 2 * scan::kBatchRows;

// A row while rows are sorted: the distance of its key from the least one, and its number.
struct Near {
    static constexpr int kRowBits = 32;
    uint64 packed;
    static Near of(uint64 key, uint32_t row) { return {key << kRowBits | row}; }
    uint64 key() const { return packed >> kRowBits; }
    uint32_t row() const { return static_cast<uint32_t>(packed); }
};
struct Far {
    uint64 distance;
    uint32_t number;
    static Far of(uint64 key, uint32_t row) { return {key, row}; }
    uint64 key() const { return distance; }
    uint32_t row() const { return number; }
};

}  // namespace

SortedRun* SortedRun::create(const List* types, uint32_t customer, BatchCounters* counters) {
    const int count = list_length(types);
    TupleDesc descriptor = CreateTemplateTupleDesc(count);
    List* attributes = NIL;
    for (int i = 0; i < count; i++) {
        TupleDescInitEntry(descriptor, static_cast<AttrNumber>(i + 1), nullptr,
                           list_nth_oid(types, i), -1, 0);
        attributes = lappend_int(attributes, i + 1);
    }
    BatchSource* source =
        BatchSource::create(descriptor, InvalidOid, &TTSOpsMinimalTuple, attributes, counters);
    auto* self = new (palloc(sizeof(SortedRun))) SortedRun(source, customer);
    self->descriptor_ = descriptor;
    self->context_ = CurrentMemoryContext;
    self->rowsContext_ =
        AllocSetContextCreate(CurrentMemoryContext, "footfall sorted rows", ALLOCSET_DEFAULT_SIZES);
    self->resource_ =
        new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(self->rowsContext_);
    self->columns_ =
        static_cast<ColumnChunks*>(palloc(sizeof(ColumnChunks) * static_cast<Size>(count)));
    pg::enterEngine([&] {
        for (int i = 0; i < count; i++) {
            new (&self->columns_[i])
                ColumnChunks(storage::columnTypeOf(TupleDescAttr(descriptor, i)), self->resource_);
        }
    });
    return self;
}

// Whether a key's distance from the least one, and one that stands for none, fit beside a number.
bool SortedRun::keysAreNear() const {
    return span_.least > span_.greatest || span_.greatest - span_.least < PG_UINT32_MAX;
}

void SortedRun::put(scan::Batch& batch, const scan::Selection& selection) {
    pg::enterEngine([&] {
        const vector::Block& customers = batch.columnFor(customer_, selection);
        for (uint32_t i = 0; i < selection.count(); i++) {
            if (!customers.isNull(selection[i])) {
                const uint64 key = customerKey(customers, selection[i]);
                span_.least = Min(span_.least, key);
                span_.greatest = Max(span_.greatest, key);
            }
        }
    });
    span_.rows += selection.count();
    if (sort_ != nullptr) {
        putSpilled(batch, selection);
        return;
    }
    pg::enterEngine([&] {
        for (int i = 0; i < descriptor_->natts; i++) {
            const auto index = static_cast<uint32_t>(i);
            columns_[i].append(batch.columnFor(index, selection), selection);
        }
    });
    count_ += selection.count();
    // Rows are sorted from one array into another.
    const Size sorting = Size{2} * count_ * (keysAreNear() ? sizeof(Near) : sizeof(Far));
    if (count_ > kMostRows || MemoryContextMemAllocated(rowsContext_, true) + sorting >
                                  Size{1024} * static_cast<Size>(work_mem)) {
        spill();
    }
}

// Moves the rows that are there into a tuplesort.
void SortedRun::spill() {
    MemoryContext previous = MemoryContextSwitchTo(context_);
    auto attribute = static_cast<AttrNumber>(customer_ + 1);
    const Oid type = TupleDescAttr(descriptor_, static_cast<int>(customer_))->atttypid;
    Oid less = lookup_type_cache(getBaseType(type), TYPECACHE_LT_OPR)->lt_opr;
    Oid collation = InvalidOid;
    bool nullsFirst = false;
    sort_ = tuplesort_begin_heap(descriptor_, 1, &attribute, &less, &collation, &nullsFirst,
                                 work_mem, nullptr, TUPLESORT_NONE);
    samples_ = static_cast<uint64*>(palloc(sizeof(uint64) * kSamples));
    input_ = MakeSingleTupleTableSlot(descriptor_, &TTSOpsVirtual);
    valuesContext_ =
        AllocSetContextCreate(context_, "footfall spilled rows", ALLOCSET_DEFAULT_SIZES);
    auto* rows = static_cast<uint32_t*>(palloc(sizeof(uint32_t) * scan::kBatchRows));
    scan::Selection selection;
    for (uint32_t row = 0; row < count_; row += scan::kBatchRows) {
        const uint32_t count = Min(count_ - row, scan::kBatchRows);
        std::iota(rows, rows + count, row);
        source_->showRows(columns_, {rows, count});
        selection.selectAll(count);
        putSpilled(*source_, selection);
    }
    source_->startRows();
    MemoryContextSwitchTo(previous);
    MemoryContextDelete(rowsContext_);
    columns_ = nullptr;
    count_ = 0;
}

void SortedRun::putSpilled(scan::Batch& batch, const scan::Selection& selection) {
    CHECK_FOR_INTERRUPTS();
    const auto count = static_cast<Size>(descriptor_->natts);
    MemoryContext previous = MemoryContextSwitchTo(valuesContext_);
    auto** blocks = static_cast<const vector::Block**>(palloc(sizeof(vector::Block*) * count));
    pg::enterEngine([&] {
        for (Size i = 0; i < count; i++) {
            blocks[i] = &batch.columnFor(static_cast<uint32_t>(i), selection);
        }
    });
    for (uint32_t i = 0; i < selection.count(); i++) {
        const uint32_t row = selection[i];
        for (Size c = 0; c < count; c++) {
            input_->tts_values[c] =
                datumAt(*blocks[c], row, TupleDescAttr(descriptor_, static_cast<int>(c)),
                        &input_->tts_isnull[c]);
        }
        ExecStoreVirtualTuple(input_);
        tuplesort_puttupleslot(sort_, input_);
        ExecClearTuple(input_);
        sample(customerKey(*blocks[customer_], row));
    }
    MemoryContextSwitchTo(previous);
    MemoryContextReset(valuesContext_);
}

void SortedRun::sample(uint64 key) {
    if (spilled_ % stride_ == 0) {
        if (sampleCount_ == kSamples) {
            sampleCount_ = 0;
            for (int i = 0; i < kSamples; i += 2) {
                samples_[sampleCount_++] = samples_[i];
            }
            stride_ *= 2;
        }
        samples_[sampleCount_++] = key;
    }
    spilled_++;
}

uint64 SortedRun::keyOf(uint32_t row) const {
    const vector::Column& column = columns_[customer_].chunk(row);
    const uint32_t at = ColumnChunks::rowInChunk(row);
    return column.isNull(at) ? PG_UINT64_MAX : segment::orderKey(segment::Scalar::at(column, at));
}

// By the keys' digits, from the least on. Rows of a customer stay in the order they came in; those
// without one come last.
template <class Entry>
void SortedRun::sortEntries(uint64 greatest) {
    constexpr int kDigitBits = 11;
    constexpr uint64 kDigits = uint64{1} << kDigitBits;
    auto* from = static_cast<Entry*>(MemoryContextAllocHuge(rowsContext_, sizeof(Entry) * count_));
    auto* to = static_cast<Entry*>(MemoryContextAllocHuge(rowsContext_, sizeof(Entry) * count_));
    pg::enterEngine([&] {
        for (uint32_t row = 0; row < count_; row++) {
            const uint64 key = keyOf(row);
            from[row] = Entry::of(Min(key - span_.least, greatest), row);
        }
    });
    for (int shift = 0; shift < static_cast<int>(std::bit_width(greatest)); shift += kDigitBits) {
        CHECK_FOR_INTERRUPTS();
        uint32_t begins[kDigits] = {};
        for (uint32_t i = 0; i < count_; i++) {
            begins[from[i].key() >> shift & (kDigits - 1)]++;
        }
        uint32_t begin = 0;
        for (uint32_t& digit : begins) {
            begin += std::exchange(digit, begin);
        }
        for (uint32_t i = 0; i < count_; i++) {
            to[begins[from[i].key() >> shift & (kDigits - 1)]++] = from[i];
        }
        std::swap(from, to);
    }
    pfree(to);
    order_ =
        static_cast<uint32_t*>(MemoryContextAllocHuge(rowsContext_, sizeof(uint32_t) * count_));
    for (uint32_t i = 0; i < count_; i++) {
        order_[i] = from[i].row();
    }
    pfree(from);
}

void SortedRun::sort() {
    if (sort_ != nullptr) {
        tuplesort_performsort(sort_);
        std::sort(samples_, samples_ + sampleCount_);
    } else if (keysAreNear()) {
        sortEntries<Near>(span_.least > span_.greatest ? 0 : span_.greatest - span_.least + 1);
    } else {
        sortEntries<Far>(PG_UINT64_MAX);
    }
}

// The first place from `from` on whose key is not below `key`.
int64 SortedRun::firstFrom(int64 from, uint64 key) const {
    int64 to = count_;
    while (from < to) {
        const int64 middle = from + (to - from) / 2;
        if (keyAt(middle) < key) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

uint64 SortedRun::horizon(uint64 begin, uint64, bool, int64 rows) {
    if (sort_ == nullptr) {
        const int64 further = firstFrom(position_, begin) + rows;
        return further < int64{count_} ? keyAt(further) : PG_UINT64_MAX;
    }
    const uint64* end = samples_ + sampleCount_;
    const uint64* from = std::lower_bound(static_cast<const uint64*>(samples_), end, begin);
    const int64 further = rows / stride_;
    return further < end - from ? from[further] : PG_UINT64_MAX;
}

bool SortedRun::load(uint64 begin, uint64 end, bool last) {
    CHECK_FOR_INTERRUPTS();
    if (sort_ != nullptr) {
        return loadSpilled();
    }
    position_ = firstFrom(position_, begin);
    if (position_ >= int64{count_} || (!last && keyAt(position_) >= end)) {
        return false;
    }
    const int64 rows = Min(int64{count_} - position_, int64{scan::kBatchRows});
    source_->showRows(columns_, {order_ + position_, static_cast<std::size_t>(rows)});
    position_ += rows;
    return true;
}

bool SortedRun::loadSpilled() {
    if (done_) {
        return false;
    }
    source_->startRows();
    TupleTableSlot* slot = source_->slot();
    while (source_->rows() < scan::kBatchRows) {
        if (!tuplesort_gettupleslot(sort_, true, false, slot, nullptr)) {
            done_ = true;
            break;
        }
        source_->addRow(slot);
    }
    return source_->rows() > 0;
}

void SortedRun::close() {
    CustomerRun::close();
    if (sort_ != nullptr) {
        ExecDropSingleTupleTableSlot(input_);
        tuplesort_end(sort_);
    }
}

}  // namespace footfall::executor
