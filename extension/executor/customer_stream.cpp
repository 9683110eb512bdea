// See customer_stream.h.
#include "extension/executor/customer_stream.h"

#include "engine/segment/segment_meta.h"
#include "extension/executor/leaf_ranges.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/value.h"

namespace footfall::executor {

namespace {

// What a run costs beside the chunks of its open segment.
constexpr int64 kRunBytes = int64{384} * 1024;
// Chunks of open segments are held beside work_mem, as a scan holds those of its one segment; runs
// that would need more than this are sorted instead.
constexpr int64 kMostOpenBytes = int64{64} * 1024 * 1024;

}  // namespace

CustomerStream* CustomerStream::open(const AggregatePlan& plan, const Relation* relations,
                                     Snapshot snapshot, storage::ScanFilter* const* filters,
                                     int leastRanges, BatchCounters* counters) {
    auto* self = new (palloc0(sizeof(CustomerStream))) CustomerStream();
    self->plan_ = &plan;
    self->relations_ = relations;
    self->counters_ = counters;
    self->range_ = -1;
    for (int i = 0; i < list_length(plan.attributes); i++) {
        if (list_nth_int(plan.attributes, i) == plan.customer) {
            self->customer_ = static_cast<uint32_t>(i);
        }
    }
    for (int leaf = 0; leaf < list_length(plan.leaves); leaf++) {
        if (!isRemoved(plan, leaf)) {
            self->readLeaf(leaf, snapshot, filters[leaf]);
        }
    }
    if (self->loose_ != nullptr) {
        self->loose_->sort();
        self->runs_ = lappend(self->runs_, static_cast<CustomerRun*>(self->loose_));
        self->addSpan(self->loose_->span());
    }
    self->ranges_ = customerRanges(self->spans_, self->spanCount_, leastRanges);
    return self;
}

void CustomerStream::addSpan(const KeySpan& span) {
    if (span.rows == 0 || span.least > span.greatest) {
        return;
    }
    if (spanCount_ == spanRoom_) {
        spanRoom_ = Max(spanRoom_ * 2, 64);
        const Size size = sizeof(KeySpan) * static_cast<Size>(spanRoom_);
        spans_ = static_cast<KeySpan*>(spans_ == nullptr ? palloc(size) : repalloc(spans_, size));
    }
    spans_[spanCount_++] = span;
}

void CustomerStream::readLeaf(int leaf, Snapshot snapshot, storage::ScanFilter* filter) {
    Relation relation = relations_[leaf];
    auto* attributes = static_cast<List*>(list_nth(plan_->leafAttributes, leaf));
    TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
    scans_ = lappend(scans_, scan);
    putHot(relation, scan, attributes);
    placeSegments(leaf, storage::scanSegments(scan), snapshot, filter);
}

void CustomerStream::putHot(Relation relation, TableScanDesc scan, const List* attributes) {
    MemoryContext previous = MemoryContextSwitchTo(startReading());
    BatchSource* source = BatchSource::create(relation, scan, attributes, counters_);
    scan::Selection selection;
    while (source->nextHot(selection)) {
        putRows(*source, selection);
    }
    source->close();
    endReading(previous);
}

void CustomerStream::putLoose(Relation relation, const List* attributes,
                              const catalog::SegmentRow* row, Snapshot snapshot) {
    MemoryContext previous = MemoryContextSwitchTo(startReading());
    BatchSource* source =
        BatchSource::create(RelationGetDescr(relation), RelationGetRelid(relation),
                            table_slot_callbacks(relation), attributes, counters_);
    storage::SealedSegment* segment =
        storage::SealedSegment::create(relation, RelationGetDescr(relation));
    segment->open(row, snapshot);
    scan::Selection selection;
    for (uint32_t block = 0; block < segment->meta().blocks(); block++) {
        CHECK_FOR_INTERRUPTS();
        source->showBlock(segment, block);
        selection.selectAll(source->rows());
        for (uint32_t i = 0; segment->deletedCount() > 0 && i < source->rows(); i++) {
            if (segment->isDeleted(source->firstRow() + static_cast<int32>(i))) {
                selection.remove(i);
            }
        }
        if (!selection.empty()) {
            putRows(*source, selection);
            counters_->sealedRows += selection.count();
        }
    }
    source->close();
    segment->destroy();
    endReading(previous);
}

// What reading rows takes is gone when they are read.
MemoryContext CustomerStream::startReading() {
    context_ = CurrentMemoryContext;
    return AllocSetContextCreate(context_, "footfall rows to sort", ALLOCSET_DEFAULT_SIZES);
}

void CustomerStream::endReading(MemoryContext previous) {
    MemoryContextDelete(MemoryContextSwitchTo(previous));
}

// Puts rows into the run of those that must be sorted, made when there is the first.
void CustomerStream::putRows(scan::Batch& batch, const scan::Selection& selection) {
    if (loose_ == nullptr) {
        MemoryContext previous = MemoryContextSwitchTo(context_);
        List* types = NIL;
        auto* attributes = static_cast<List*>(linitial(plan_->leafAttributes));
        TupleDesc descriptor = RelationGetDescr(relations_[0]);
        for (int i = 0; i < list_length(attributes); i++) {
            const int number = list_nth_int(attributes, i);
            types = lappend_oid(
                types, number > 0 ? TupleDescAttr(descriptor, number - 1)->atttypid : OIDOID);
        }
        loose_ = SortedRun::create(types, customer_, counters_);
        MemoryContextSwitchTo(previous);
    }
    loose_->put(batch, selection);
}

// Fills `*placed`; false when the segment's rows are not in the order of customers.
bool CustomerStream::describe(const catalog::SegmentRow* row, const List* attributes,
                              PlacedSegment* placed) {
    *placed = {};
    placed->row = row;
    placed->bytes = kRunBytes;
    int chunk = -1;
    const int customer = list_nth_int(attributes, static_cast<int>(customer_));
    for (int i = 0; i < row->columns; i++) {
        if (row->attributes[i] == customer) {
            chunk = i;
        }
    }
    bool sorted = false;
    pg::ContextResource resource(CurrentMemoryContext);
    pg::enterEngine([&] {
        const auto meta =
            segment::SegmentMeta::parse({reinterpret_cast<const std::byte*>(VARDATA_ANY(row->meta)),
                                         VARSIZE_ANY_EXHDR(row->meta)},
                                        &resource);
        sorted = chunk >= 0 && !meta.sortKeys().empty() &&
                 meta.sortKeys()[0] == static_cast<uint16_t>(chunk);
        if (!sorted) {
            return;
        }
        for (int i = 0; i < row->columns; i++) {
            if (list_member_int(attributes, row->attributes[i])) {
                placed->bytes += meta.column(static_cast<uint32_t>(i)).chunkBytes;
            }
        }
        const segment::ColumnStats& stats = meta.column(static_cast<uint32_t>(chunk)).stats;
        const auto keyOf = [](const segment::Bound& bound) {
            segment::Scalar value;
            value.kind = bound.kind;
            value.integer = bound.integer;
            value.real = bound.real;
            value.bytes = bound.bytes();
            return segment::orderKey(value);
        };
        placed->least = stats.hasRange ? keyOf(stats.min) : PG_UINT64_MAX;
        placed->greatest =
            stats.hasRange && stats.nullCount == 0 ? keyOf(stats.max) : PG_UINT64_MAX;
        if (stats.hasRange) {
            placed->span = {placed->least, keyOf(stats.max), row->rows};
        }
    });
    return sorted;
}

void CustomerStream::placeSegments(int leaf, const catalog::SegmentList& segments,
                                   Snapshot snapshot, storage::ScanFilter* filter) {
    Relation relation = relations_[leaf];
    auto* attributes = static_cast<List*>(list_nth(plan_->leafAttributes, leaf));
    auto* placed = static_cast<PlacedSegment*>(
        palloc(sizeof(PlacedSegment) * static_cast<Size>(Max(segments.count, 1))));
    int count = 0;
    for (int i = 0; i < segments.count; i++) {
        CHECK_FOR_INTERRUPTS();
        if (describe(&segments.rows[i], attributes, &placed[count])) {
            count++;
        } else {
            putLoose(relation, attributes, &segments.rows[i], snapshot);
        }
    }
    std::sort(placed, placed + count, [](const PlacedSegment& a, const PlacedSegment& b) {
        if (a.least != b.least || a.greatest != b.greatest) {
            return a.least != b.least ? a.least < b.least : a.greatest < b.greatest;
        }
        // Several of one customer: compact wrote them in the order of time.
        return a.row->number < b.row->number;
    });
    // Into the first run that ends before the segment begins.
    struct Open {
        SegmentRun* run;
        uint64 greatest;
        int64 bytes;
    };
    auto* open = static_cast<Open*>(palloc(sizeof(Open) * static_cast<Size>(Max(count, 1))));
    int runs = 0;
    for (int i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        int at = 0;
        while (at < runs && open[at].greatest > placed[i].least) {
            at++;
        }
        const int64 more = placed[i].bytes - (at < runs ? open[at].bytes : 0);
        if (openBytes_ + more > kMostOpenBytes) {
            putLoose(relation, attributes, placed[i].row, snapshot);
            continue;
        }
        if (at == runs) {
            open[runs++] = {
                SegmentRun::create(relation, attributes, customer_, snapshot, filter, counters_), 0,
                0};
            runs_ = lappend(runs_, static_cast<CustomerRun*>(open[at].run));
        }
        openBytes_ += Max(more, int64{0});
        open[at].bytes = Max(open[at].bytes, placed[i].bytes);
        open[at].greatest = placed[i].greatest;
        open[at].run->add(&placed[i]);
        addSpan(placed[i].span);
    }
    pfree(open);
}

bool CustomerStream::startPiece(int range, int64 most) {
    if (range != range_) {
        range_ = range;
        rangeRead_ = false;
        pieceEnd_ = ranges_.begin(range);
    }
    if (rangeRead_) {
        return false;
    }
    pieceBegin_ = pieceEnd_;
    pieceEnd_ = ranges_.end(range);
    rangeRead_ = true;
    run_ = 0;
    const int64 rows = most / Max(list_length(runs_), 1);
    uint64 horizon = PG_UINT64_MAX;
    ListCell* cell;
    foreach (cell, runs_) {
        auto* run = static_cast<CustomerRun*>(lfirst(cell));
        horizon = Min(horizon, run->horizon(pieceBegin_, pieceEnd_, ranges_.isLast(range), rows));
    }
    if (horizon < PG_UINT64_MAX && (ranges_.isLast(range) || horizon + 1 < pieceEnd_)) {
        pieceEnd_ = horizon + 1;
        rangeRead_ = false;
    }
    return true;
}

bool CustomerStream::next(scan::Selection& selection) {
    for (; run_ < list_length(runs_); run_++) {
        current_ = static_cast<CustomerRun*>(list_nth(runs_, run_));
        if (current_->next(pieceBegin_, pieceEnd_, rangeRead_ && ranges_.isLast(range_),
                           selection)) {
            return true;
        }
    }
    return false;
}

void CustomerStream::close() {
    ListCell* cell;
    foreach (cell, runs_) {
        static_cast<CustomerRun*>(lfirst(cell))->close();
    }
    foreach (cell, scans_) {
        table_endscan(static_cast<TableScanDesc>(lfirst(cell)));
    }
}

}  // namespace footfall::executor
