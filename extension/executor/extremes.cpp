// See extremes.h.
#include "extension/executor/extremes.h"

#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/sealed_segment.h"

namespace footfall::executor {

namespace {

// Where the column stands among the plan's attributes; -1 when the aggregate is not min or max of a
// column alone.
int columnAsked(const AggregatePlan& plan, const Aggref* aggref,
                const AggregateFunction& function) {
    if (function.form != ResultForm::Direct || aggref->aggfilter != nullptr ||
        (function.function != aggregate::Function::Min &&
         function.function != aggregate::Function::Max)) {
        return -1;
    }
    auto* argument = reinterpret_cast<Node*>(linitial_node(TargetEntry, aggref->args)->expr);
    if (!IsA(argument, Var) || !isIntegerInside(exprType(argument))) {
        return -1;
    }
    int column = 0;
    ListCell* cell;
    foreach (cell, plan.attributes) {
        if (lfirst_int(cell) == reinterpret_cast<Var*>(argument)->varattno) {
            return column;
        }
        column++;
    }
    return -1;
}

void appendInteger(vector::Column& column, int64 value) {
    switch (column.type().width) {
        case sizeof(int16):
            column.append<int16>(static_cast<int16>(value));
            break;
        case sizeof(int32):
            column.append<int32>(static_cast<int32>(value));
            break;
        default:
            column.append<int64>(value);
    }
}

}  // namespace

Extremes* Extremes::find(const AggregatePlan& plan, const AggregateFunction* functions,
                         aggregate::Aggregation* aggregation) {
    const int count = list_length(plan.aggregates);
    // Filters that are no comparison of a column with a value might fail in rows not looked at.
    if (plan.keys != NIL || plan.dimensions != NIL || plan.overGroups || count == 0 ||
        list_length(plan.filters) != list_length(plan.predicates)) {
        return nullptr;
    }
    auto* asked = static_cast<Asked*>(palloc0(sizeof(Asked) * static_cast<Size>(count)));
    for (int i = 0; i < count; i++) {
        asked[i].column =
            columnAsked(plan, list_nth_node(Aggref, plan.aggregates, i), functions[i]);
        asked[i].greatest = functions[i].function == aggregate::Function::Max;
        if (asked[i].column < 0) {
            pfree(asked);
            return nullptr;
        }
    }
    auto* self = new (palloc0(sizeof(Extremes))) Extremes();
    self->aggregation_ = aggregation;
    self->asked_ = asked;
    self->count_ = count;
    if (plan.filters == NIL) {
        self->bounds_ = new (palloc(sizeof(Bounds))) Bounds();
        self->bounds_->blocks = static_cast<vector::Block**>(
            palloc0(sizeof(vector::Block*) * static_cast<Size>(list_length(plan.attributes))));
        auto* resource =
            new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(CurrentMemoryContext);
        MemoryContext context = CurrentMemoryContext;
        pg::enterEngine([&] {
            for (int i = 0; i < count; i++) {
                vector::Block*& block = self->bounds_->blocks[asked[i].column];
                if (block == nullptr) {
                    block = pg::makeIn<vector::Block>(context, resource);
                }
            }
        });
    }
    return self;
}

void Extremes::startLeaf(const List* attributes, storage::ScanFilter* filter) {
    filter_ = filter;
    for (int i = 0; i < count_; i++) {
        asked_[i].attribute = list_nth_int(attributes, asked_[i].column) - 1;
    }
}

// Whether something is more extreme than before.
bool Extremes::refresh() {
    bool changed = false;
    for (int i = 0; i < count_; i++) {
        Asked& asked = asked_[i];
        const aggregate::Result result = aggregation_->result(0, static_cast<uint32_t>(i));
        if (!result.null && (!asked.seen || result.integer != asked.value)) {
            asked.seen = true;
            asked.value = result.integer;
            changed = true;
        }
    }
    return changed;
}

// Adds the segment's zone maps; false where they do not tell what its rows hold.
bool Extremes::takeBounds(storage::SealedSegment* segment) {
    if (bounds_ == nullptr || segment->deletedCount() > 0) {
        return false;
    }
    for (int i = 0; i < count_; i++) {
        const int column = segment->columnOf(asked_[i].attribute);
        if (column < 0) {
            return false;
        }
        const segment::ColumnMeta& meta = segment->meta().column(static_cast<uint32_t>(column));
        if (!meta.stats.hasRange || meta.stats.min.kind != segment::BoundKind::Integer) {
            return false;
        }
        vector::Block& block = *bounds_->blocks[asked_[i].column];
        block.shape = vector::Block::Shape::Flat;
        block.rows = bounds_->rows();
        block.values.reset(meta.type);
        for (const int64 value : {meta.stats.min.integer, meta.stats.max.integer}) {
            appendInteger(block.values, value);
        }
    }
    scan::Selection both;
    both.selectAll(bounds_->rows());
    aggregation_->consume(*bounds_, both);
    return true;
}

void Extremes::choose(storage::SealedSegment* segment, uint32_t next, segment::BlockSet* blocks) {
    if (next == 0 && takeBounds(segment)) {
        leaveOut(segment, next, segment::BlockSet(), blocks);
        return;
    }
    if (!refresh() && next != 0) {
        return;
    }
    segment::BlockSet wanted;
    for (int i = 0; i < count_; i++) {
        const Asked& asked = asked_[i];
        const int column = segment->columnOf(asked.attribute);
        if (!asked.seen || column < 0) {
            return;
        }
        if (asked.value == (asked.greatest ? PG_INT64_MAX : PG_INT64_MIN)) {
            continue;
        }
        segment::BlockSet further = *blocks;
        const auto bound = segment::Scalar::of(asked.value + (asked.greatest ? 1 : -1));
        segment->reader().pruneRange(static_cast<uint32_t>(column),
                                     asked.greatest ? &bound : nullptr,
                                     asked.greatest ? nullptr : &bound, further);
        wanted |= further;
    }
    leaveOut(segment, next, wanted, blocks);
}

void Extremes::leaveOut(storage::SealedSegment* segment, uint32_t next,
                        const segment::BlockSet& wanted, segment::BlockSet* blocks) {
    int64 left = 0;
    for (uint32_t block = next; block < segment->meta().blocks(); block++) {
        left += (*blocks)[block] && !wanted[block] ? 1 : 0;
    }
    *blocks &= wanted;
    filter_->blocksRead -= left;
    filter_->blocksPruned += left;
}

}  // namespace footfall::executor
