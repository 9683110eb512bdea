// See dimension_join.h.
#include "extension/executor/dimension_join.h"

#include "extension/pg/guard.h"

namespace footfall::executor {

using scan::kBatchRows;

namespace {

// Called inside the engine.
void checkInterrupts() {
    pg::callPostgres([] { CHECK_FOR_INTERRUPTS(); });
}

}  // namespace

List* packDimension(const DimensionPlan& dimension) {
    List* numbers =
        list_make4_int(static_cast<int>(dimension.kind), static_cast<int>(dimension.relation),
                       dimension.key, static_cast<int>(dimension.equality));
    return list_concat(numbers, dimension.attributes);
}

DimensionPlan unpackDimension(const List* packed) {
    DimensionPlan dimension = {};
    dimension.kind = static_cast<DimensionJoinKind>(list_nth_int(packed, 0));
    dimension.relation = static_cast<Index>(list_nth_int(packed, 1));
    dimension.key = list_nth_int(packed, 2);
    dimension.equality = static_cast<Oid>(list_nth_int(packed, 3));
    dimension.attributes = list_copy_tail(packed, 4);
    return dimension;
}

const char* dimensionJoinName(DimensionJoinKind kind) {
    static const char* const kNames[] = {"Inner", "Left", "Semi", "Anti"};
    return kNames[static_cast<int>(kind)];
}

void DimensionJoin::name(ExpressionTranslator* translator, List* dimensions, int first) {
    ListCell* cell;
    foreach (cell, dimensions) {
        const DimensionPlan plan = unpackDimension(lfirst_node(List, cell));
        translator->addRelation(plan.relation, plan.attributes, first);
        first += list_length(plan.attributes);
    }
}

DimensionJoin* DimensionJoin::create(List* dimensions, List* children,
                                     std::span<const scan::Expression* const> filters,
                                     std::span<const scan::Expression* const> keys, int first,
                                     scan::Evaluator* evaluator, pg::ContextResource* resource,
                                     uint32_t mostPasses) {
    auto* self = new (palloc0(sizeof(DimensionJoin))) DimensionJoin();
    self->filters_ = filters;
    self->evaluator_ = evaluator;
    self->fact_ = nullptr;
    self->first_ = static_cast<uint32_t>(first);
    self->rowsRemoved_ = 0;
    self->columnCount_ = 0;
    self->dimensionCount_ = static_cast<uint32_t>(list_length(dimensions));
    self->dimensions_ = static_cast<Dimension*>(palloc0(sizeof(Dimension) * self->dimensionCount_));
    for (uint32_t i = 0; i < self->dimensionCount_; i++) {
        const DimensionPlan plan =
            unpackDimension(static_cast<List*>(list_nth(dimensions, static_cast<int>(i))));
        self->columnCount_ += static_cast<uint32_t>(list_length(plan.attributes));
    }
    self->columns_ = static_cast<Column*>(palloc0(sizeof(Column) * Max(self->columnCount_, 1U)));
    Column* columns = self->columns_;
    self->passes_ = 1;
    const Size memory = get_hash_memory_limit();
    Size used = 0;
    for (uint32_t i = 0; i < self->dimensionCount_; i++) {
        const DimensionPlan plan =
            unpackDimension(static_cast<List*>(list_nth(dimensions, static_cast<int>(i))));
        Dimension& dimension = self->dimensions_[i];
        dimension.kind = plan.kind;
        dimension.key = keys[i];
        dimension.found = static_cast<uint32_t*>(palloc(sizeof(uint32_t) * kBatchRows));
        dimension.columns = columns;
        dimension.columnCount = list_length(plan.attributes);
        dimension.keyColumn = plan.key;
        checkExecute(plan.equality);
        dimension.rows =
            DimensionRows::create(static_cast<PlanState*>(list_nth(children, static_cast<int>(i))),
                                  dimension.columnCount, plan.key);
        // What the ones before left, but not nothing.
        const Size limit = Max(memory - Min(memory, used), memory / 8);
        used += dimension.rows->open(limit, mostPasses / self->passes_);
        self->passes_ *= dimension.rows->parts();
        pg::enterEngine([&] {
            for (int column = 0; column < dimension.columnCount; column++) {
                columns[column].block = pg::makeIn<vector::Block>(CurrentMemoryContext, resource);
                columns[column].dimension = i;
            }
        });
        columns += dimension.columnCount;
    }
    return self;
}

void DimensionJoin::beginPass(uint32_t pass) {
    for (uint32_t i = 0; i < dimensionCount_; i++) {
        Dimension& dimension = dimensions_[i];
        const uint32_t parts = dimension.rows->parts();
        const uint32_t part = pass % parts;
        pass /= parts;
        if (dimension.table != nullptr && part == dimension.rows->loaded()) {
            continue;
        }
        if (part != dimension.rows->loaded()) {
            dimension.rows->load(part);
        }
        makeTable(dimension);
    }
}

void DimensionJoin::makeTable(Dimension& dimension) {
    const DimensionRows& rows = *dimension.rows;
    pg::enterEngine([&] {
        for (int i = 0; i < dimension.columnCount; i++) {
            dimension.columns[i].values = nullptr;
        }
        dimension.table = pg::makeIn<scan::LookupTable>(
            rows.context(), std::move(*rows.column(dimension.keyColumn)), rows.resource(),
            checkInterrupts);
    });
    std::fill_n(dimension.found, kBatchRows, scan::kNoRow);
    // The planner has proved it for these, from a unique index or a sub-query's DISTINCT.
    if ((dimension.kind == DimensionJoinKind::Inner || dimension.kind == DimensionJoinKind::Left) &&
        dimension.table->hasDuplicates()) {
        ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
                        errmsg("a joined table has two rows for a key that is unique"),
                        errhint("Check its unique indexes with amcheck, and REINDEX them.")));
    }
}

void DimensionJoin::release() {
    for (uint32_t i = 0; i < dimensionCount_; i++) {
        if (dimensions_[i].rows != nullptr) {
            dimensions_[i].rows->release();
        }
    }
}

void DimensionJoin::take(scan::Batch& fact, scan::Selection& selection) {
    fact_ = &fact;
    rows_ = fact.rows();
    for (uint32_t i = 0; i < columnCount_; i++) {
        columns_[i].loaded = false;
    }
    evaluator_->filterAll(filters_, fact, selection);
    uint32_t before = selection.count();
    for (uint32_t i = 0; i < dimensionCount_ && !selection.empty(); i++) {
        const Dimension& dimension = dimensions_[i];
        const vector::Block& keys = evaluator_->evaluate(*dimension.key, fact, selection);
        if (dimension.rows->parts() > 1) {
            before -= keepPart(dimension, keys, selection);
        }
        dimension.table->find(keys, selection, dimension.found);
        if (dimension.kind == DimensionJoinKind::Left) {
            continue;
        }
        const bool wanted = dimension.kind != DimensionJoinKind::Anti;
        uint16_t* kept = selection.room();
        uint32_t count = 0;
        for (uint32_t k = 0; k < selection.count(); k++) {
            const uint32_t row = selection[k];
            kept[count] = static_cast<uint16_t>(row);
            count += (dimension.found[row] != scan::kNoRow) == wanted ? 1 : 0;
        }
        if (count < selection.count()) {
            selection.assign(count);
        }
    }
    rowsRemoved_ += before - selection.count();
}

// Leaves the rows whose keys belong to the part that is loaded; returns how many do not.
uint32_t DimensionJoin::keepPart(const Dimension& dimension, const vector::Block& keys,
                                 scan::Selection& selection) {
    const uint32_t before = selection.count();
    uint16_t* kept = selection.room();
    uint32_t count = 0;
    for (uint32_t k = 0; k < before; k++) {
        const uint32_t row = selection[k];
        kept[count] = static_cast<uint16_t>(row);
        const uint32_t part = scan::LookupTable::partOf(keys, row, dimension.rows->parts());
        count += part == dimension.rows->loaded() ? 1 : 0;
    }
    if (count < before) {
        selection.assign(count);
    }
    return before - count;
}

const vector::Block& DimensionJoin::column(uint32_t index) {
    return index < first_ ? fact_->column(index) : lookedUp(index);
}

const vector::Block& DimensionJoin::columnFor(uint32_t index, const scan::Selection& selection) {
    return index < first_ ? fact_->columnFor(index, selection) : lookedUp(index);
}

const vector::Runs* DimensionJoin::runs(uint32_t index) {
    return index < first_ ? fact_->runs(index) : nullptr;
}

// What the rows held goes, so that nothing is in memory twice; the key's values are the table's.
void DimensionJoin::makeValues(const Dimension& dimension, Column& column) {
    const auto number = static_cast<int>(&column - dimension.columns);
    MemoryContext context = dimension.rows->context();
    pg::ContextResource* resource = dimension.rows->resource();
    if (number == dimension.keyColumn) {
        column.values = pg::makeIn<scan::LookedUpColumn>(context, *dimension.table, resource);
        return;
    }
    vector::Column* rows = dimension.rows->column(number);
    column.values = pg::makeIn<scan::LookedUpColumn>(context, *rows, resource, checkInterrupts);
    *rows = vector::Column(rows->type(), rows->resource());
}

const vector::Block& DimensionJoin::lookedUp(uint32_t index) {
    Column& column = columns_[index - first_];
    if (!column.loaded) {
        const Dimension& dimension = dimensions_[column.dimension];
        if (column.values == nullptr) {
            makeValues(dimension, column);
        }
        column.values->read(dimension.found, rows_, *column.block);
        column.loaded = true;
    }
    return *column.block;
}

}  // namespace footfall::executor
