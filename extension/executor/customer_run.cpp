// See customer_run.h.
#include "extension/executor/customer_run.h"

#include "engine/segment/bound.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/value.h"

namespace footfall::executor {

uint64 customerKey(const vector::Block& block, uint32_t row) {
    if (block.isNull(row)) {
        return PG_UINT64_MAX;
    }
    return segment::orderKey(segment::Scalar::at(block.holder(), block.holderRow(row)));
}

namespace {

// The keys of a batch's rows, which are in order; by runs where they are stored so, since the rows'
// own values may not be needed.
class RowKeys {
  public:
    RowKeys(BatchSource& source, uint32_t customer)
        : rows_(source.rows()), runs_(source.runs(customer)) {
        if (runs_ == nullptr) {
            block_ = &source.column(customer);
        }
    }
    uint64 at(uint32_t row) const {
        return runs_ == nullptr ? customerKey(*block_, row)
                                : customerKey(runs_->values, runOf(row));
    }
    // The first row from `from` on whose key is not below `key`.
    uint32_t find(uint32_t from, uint64 key) const {
        if (runs_ == nullptr) {
            return search(*block_, from, rows_, key);
        }
        const auto count = static_cast<uint32_t>(runs_->ends.size());
        const uint32_t run = search(runs_->values, runOf(from), count, key);
        return Max(from, run == 0 ? 0 : runs_->ends[run - 1]);
    }

  private:
    static uint32_t search(const vector::Block& block, uint32_t from, uint32_t to, uint64 key) {
        while (from < to) {
            const uint32_t middle = from + (to - from) / 2;
            if (customerKey(block, middle) < key) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }
    uint32_t runOf(uint32_t row) const {
        return static_cast<uint32_t>(std::upper_bound(runs_->ends.begin(), runs_->ends.end(), row) -
                                     runs_->ends.begin());
    }

    uint32_t rows_;
    const vector::Runs* runs_;
    const vector::Block* block_ = nullptr;
};

}  // namespace

bool CustomerRun::next(uint64 begin, uint64 end, bool last, scan::Selection& selection) {
    for (;;) {
        if (!loaded_) {
            if (!load(begin, end, last)) {
                return false;
            }
            loaded_ = true;
            next_ = 0;
        }
        const uint32_t rows = source_->rows();
        uint32_t first = next_;
        uint32_t until = rows;
        pg::enterEngine([&] {
            const RowKeys keys(*source_, customer_);
            if (keys.at(first) < begin) {
                first = keys.find(first, begin);
            }
            if (!last && keys.at(rows - 1) >= end) {
                until = keys.find(first, end);
            }
        });
        next_ = until;
        loaded_ = until < rows;
        if (first == 0) {
            selection.selectAll(until);
        } else {
            uint16_t* room = selection.room();
            for (uint32_t row = first; row < until; row++) {
                *room++ = static_cast<uint16_t>(row);
            }
            selection.assign(until - first);
        }
        finishSelection(selection);
        if (!selection.empty()) {
            return true;
        }
        if (loaded_) {
            return false;
        }
    }
}

SegmentRun* SegmentRun::create(Relation relation, const List* attributes, uint32_t customer,
                               Snapshot snapshot, storage::ScanFilter* filter,
                               BatchCounters* counters) {
    BatchSource* source =
        BatchSource::create(RelationGetDescr(relation), RelationGetRelid(relation),
                            table_slot_callbacks(relation), attributes, counters);
    auto* self = new (palloc(sizeof(SegmentRun))) SegmentRun(source, customer);
    self->relation_ = relation;
    self->snapshot_ = snapshot;
    self->filter_ = filter;
    self->counters_ = counters;
    self->customerAttribute_ = list_nth_int(attributes, static_cast<int>(customer)) - 1;
    self->segment_ = storage::SealedSegment::create(relation, RelationGetDescr(relation));
    self->resource_ =
        new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(CurrentMemoryContext);
    MemoryContext context = CurrentMemoryContext;
    pg::enterEngine([&] { self->probe_ = pg::makeIn<vector::Block>(context, self->resource_); });
    return self;
}

// Opens the next segment that has rows from `begin` on; false when it begins behind the range, or
// there is none.
bool SegmentRun::openNext(uint64 begin, uint64 end, bool last) {
    while (index_ + 1 < list_length(segments_)) {
        CHECK_FOR_INTERRUPTS();
        const auto* placed = static_cast<const PlacedSegment*>(list_nth(segments_, index_ + 1));
        if (!last && placed->least >= end) {
            return false;
        }
        index_++;
        if (placed->greatest < begin) {
            continue;
        }
        segment_->open(placed->row, nullptr);
        if (!storage::pruneSegment(segment_, filter_, &blocks_)) {
            continue;
        }
        segment_->hideDeleted(snapshot_);
        nextBlock_ = 0;
        soughtTo_ = placed->least;
        open_ = true;
        return true;
    }
    return false;
}

uint64 SegmentRun::lastKey(uint32_t block) {
    const auto chunk = static_cast<uint32_t>(segment_->columnOf(customerAttribute_));
    const uint32_t row = Min((block + 1) * segment::kBlockRows, segment_->meta().rows()) - 1;
    segment_->reader().read(chunk, row, 1, *probe_);
    return customerKey(*probe_, 0);
}

// Leaves out the blocks whose last row comes before `begin`.
void SegmentRun::skipBlocks(uint64 begin) {
    if (begin <= soughtTo_) {
        return;
    }
    soughtTo_ = begin;
    pg::enterEngine([&] {
        uint32_t from = nextBlock_;
        uint32_t to = segment_->meta().blocks();
        while (from < to) {
            const uint32_t middle = from + (to - from) / 2;
            if (lastKey(middle) < begin) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        nextBlock_ = from;
    });
}

uint64 SegmentRun::horizon(uint64 begin, uint64 end, bool last, int64 rows) {
    if (!open_ && !openNext(begin, end, last)) {
        return PG_UINT64_MAX;
    }
    skipBlocks(begin);
    const int64 block = nextBlock_ + rows / segment::kBlockRows;
    uint64 key = 0;
    if (block < int64{segment_->meta().blocks()}) {
        pg::enterEngine([&] { key = lastKey(static_cast<uint32_t>(block)); });
    } else {
        key = static_cast<const PlacedSegment*>(list_nth(segments_, index_))->greatest;
    }
    return Max(key, begin);
}

bool SegmentRun::load(uint64 begin, uint64 end, bool last) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (!open_ && !openNext(begin, end, last)) {
            return false;
        }
        skipBlocks(begin);
        const uint32_t blocks = segment_->meta().blocks();
        while (nextBlock_ < blocks && !blocks_[nextBlock_]) {
            nextBlock_++;
        }
        if (nextBlock_ >= blocks) {
            open_ = false;
            continue;
        }
        firstRow_ = static_cast<int32>(nextBlock_ * segment::kBlockRows);
        source_->showBlock(segment_, nextBlock_++);
        return true;
    }
}

void SegmentRun::finishSelection(scan::Selection& selection) {
    if (segment_->deletedCount() > 0) {
        const uint16_t* rows = selection.rows();
        const uint32_t count = selection.count();
        uint16_t* room = selection.room();
        uint32_t kept = 0;
        for (uint32_t i = 0; i < count; i++) {
            const uint16_t row = rows[i];
            room[kept] = row;
            kept += segment_->isDeleted(firstRow_ + row) ? 0 : 1;
        }
        if (kept < count) {
            selection.assign(kept);
        }
    }
    counters_->sealedRows += selection.count();
    pgstat_count_index_tuples(relation_, selection.count());
}

}  // namespace footfall::executor
