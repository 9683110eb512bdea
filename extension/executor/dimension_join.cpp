// See dimension_join.h.
#include "extension/executor/dimension_join.h"

#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/value.h"

namespace footfall::executor {

using scan::kBatchRows;

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
                                     scan::Evaluator* evaluator, pg::ContextResource* resource) {
    auto* self = new (palloc0(sizeof(DimensionJoin))) DimensionJoin();
    self->context_ = CurrentMemoryContext;
    self->resource_ = resource;
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
    for (uint32_t i = 0; i < self->dimensionCount_; i++) {
        const DimensionPlan plan =
            unpackDimension(static_cast<List*>(list_nth(dimensions, static_cast<int>(i))));
        self->dimensions_[i].kind = plan.kind;
        self->dimensions_[i].key = keys[i];
        self->dimensions_[i].found = static_cast<uint32_t*>(palloc(sizeof(uint32_t) * kBatchRows));
        std::fill_n(self->dimensions_[i].found, kBatchRows, scan::kNoRow);
        checkExecute(plan.equality);
        self->readChild(static_cast<PlanState*>(list_nth(children, static_cast<int>(i))), i, plan,
                        columns);
        columns += list_length(plan.attributes);
    }
    return self;
}

namespace {

// Rows of a child plan on their way into columns.
struct Rows {
    Form_pg_attribute* forms;
    Datum** values;
    bool** nulls;
    int columns;
    uint32_t rows;
};

void appendRows(const Rows& rows, vector::Column** targets) {
    pg::enterEngine([&] {
        for (int i = 0; i < rows.columns; i++) {
            for (uint32_t row = 0; row < rows.rows; row++) {
                if (rows.nulls[i][row]) {
                    targets[i]->appendNull();
                } else {
                    storage::appendValue(*targets[i], rows.forms[i], rows.values[i][row]);
                }
            }
        }
    });
}

}  // namespace

void DimensionJoin::readChild(PlanState* child, uint32_t number, const DimensionPlan& plan,
                              Column* columns) {
    MemoryContext context = context_;
    MemoryContext batch =
        AllocSetContextCreate(context, "footfall dimension rows", ALLOCSET_DEFAULT_SIZES);
    const auto count = static_cast<Size>(list_length(plan.attributes));
    TupleDesc descriptor = ExecGetResultType(child);
    Rows rows = {};
    rows.columns = static_cast<int>(count);
    rows.forms = static_cast<Form_pg_attribute*>(palloc(sizeof(Form_pg_attribute) * count));
    rows.values = static_cast<Datum**>(palloc(sizeof(Datum*) * count));
    rows.nulls = static_cast<bool**>(palloc(sizeof(bool*) * count));
    auto** targets = static_cast<vector::Column**>(palloc(sizeof(vector::Column*) * count));
    for (Size i = 0; i < count; i++) {
        rows.forms[i] = valueForm(TupleDescAttr(descriptor, static_cast<int>(i))->atttypid);
        rows.values[i] = static_cast<Datum*>(palloc(sizeof(Datum) * kBatchRows));
        rows.nulls[i] = static_cast<bool*>(palloc(sizeof(bool) * kBatchRows));
        pg::enterEngine([&] {
            targets[i] = pg::makeIn<vector::Column>(context, storage::columnTypeOf(rows.forms[i]),
                                                    resource_);
        });
    }
    for (bool more = true; more;) {
        CHECK_FOR_INTERRUPTS();
        // What the child keeps belongs to the query, not to this execution.
        MemoryContext previous = MemoryContextSwitchTo(child->state->es_query_cxt);
        TupleTableSlot* slot = ExecProcNode(child);
        MemoryContextSwitchTo(batch);
        more = !TupIsNull(slot);
        if (more) {
            slot_getallattrs(slot);
            for (Size i = 0; i < count; i++) {
                const bool null = slot->tts_isnull[i];
                rows.nulls[i][rows.rows] = null;
                rows.values[i][rows.rows] =
                    null ? Datum{0} : copyValue(rows.forms[i], slot->tts_values[i]);
            }
            rows.rows++;
        }
        MemoryContextSwitchTo(previous);
        if (rows.rows == kBatchRows || !more) {
            appendRows(rows, targets);
            rows.rows = 0;
            MemoryContextReset(batch);
        }
    }
    MemoryContextDelete(batch);
    pg::enterEngine([&] {
        for (Size i = 0; i < count; i++) {
            columns[i].rows = static_cast<int>(i) == plan.key ? nullptr : targets[i];
            columns[i].block = pg::makeIn<vector::Block>(context, resource_);
            columns[i].dimension = number;
        }
        dimensions_[number].table =
            pg::makeIn<scan::LookupTable>(context, std::move(*targets[plan.key]), resource_);
    });
    // The planner has proved it for these, from a unique index or a sub-query's DISTINCT.
    if ((plan.kind == DimensionJoinKind::Inner || plan.kind == DimensionJoinKind::Left) &&
        dimensions_[number].table->hasDuplicates()) {
        ereport(ERROR, (errcode(ERRCODE_INDEX_CORRUPTED),
                        errmsg("a joined table has two rows for a key that is unique"),
                        errhint("Check its unique indexes with amcheck, and REINDEX them.")));
    }
}

void DimensionJoin::take(scan::Batch& fact, scan::Selection& selection) {
    fact_ = &fact;
    rows_ = fact.rows();
    for (uint32_t i = 0; i < columnCount_; i++) {
        columns_[i].loaded = false;
    }
    for (const scan::Expression* filter : filters_) {
        if (selection.empty()) {
            return;
        }
        evaluator_->filter(*filter, fact, selection);
    }
    const uint32_t before = selection.count();
    for (uint32_t i = 0; i < dimensionCount_ && !selection.empty(); i++) {
        const Dimension& dimension = dimensions_[i];
        const vector::Block& keys = evaluator_->evaluate(*dimension.key, fact, selection);
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

const vector::Block& DimensionJoin::column(uint32_t index) {
    return index < first_ ? fact_->column(index) : lookedUp(index);
}

const vector::Block& DimensionJoin::columnFor(uint32_t index, const scan::Selection& selection) {
    return index < first_ ? fact_->columnFor(index, selection) : lookedUp(index);
}

const vector::Runs* DimensionJoin::runs(uint32_t index) {
    return index < first_ ? fact_->runs(index) : nullptr;
}

const vector::Block& DimensionJoin::lookedUp(uint32_t index) {
    Column& column = columns_[index - first_];
    if (!column.loaded) {
        if (column.values == nullptr) {
            const vector::Column& rows =
                column.rows != nullptr ? *column.rows : dimensions_[column.dimension].table->keys();
            column.values = pg::makeIn<scan::LookedUpColumn>(context_, rows, resource_);
        }
        column.values->read(dimensions_[column.dimension].found, rows_, *column.block);
        column.loaded = true;
    }
    return *column.block;
}

}  // namespace footfall::executor
