// See group_batch.h.
#include "extension/executor/group_batch.h"

#include "engine/encoding/column_codec.h"
#include "extension/executor/aggregate_setup.h"
#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/value.h"

namespace footfall::executor {

using scan::kBatchRows;

namespace {

// ExecProcNode would rescan a plan whose parameters have changed; the groups are not read by it.
void rescanIfChanged(PlanState* state) {
    if (state->chgParam != nullptr) {
        ExecReScan(state);
    }
}

}  // namespace

GroupBatches* GroupBatches::open(PlanState* child, const List* outputs) {
    rescanIfChanged(child);
    if (IsA(child, SubqueryScanState)) {
        rescanIfChanged(reinterpret_cast<SubqueryScanState*>(child)->subplan);
    }
    auto* self = new (palloc0(sizeof(GroupBatches))) GroupBatches();
    self->stream_ = streamOf(child);
    if (self->stream_ == nullptr) {
        elog(ERROR, "FootfallAggregate over groups has no streamed aggregate below");
    }
    PlanState* planState = &self->stream_->css.ss.ps;
    self->batchContext_ =
        AllocSetContextCreate(CurrentMemoryContext, "footfall groups", ALLOCSET_DEFAULT_SIZES);
    self->columns_ = self->stream_->keyCount + self->stream_->aggregateCount;
    List* attributes = NIL;
    for (int i = 1; i <= self->columns_; i++) {
        attributes = lappend_int(attributes, i);
    }
    List* wanted = NIL;
    const ListCell* cell;
    foreach (cell, outputs) {
        auto* entry =
            static_cast<TargetEntry*>(list_nth(planState->plan->targetlist, lfirst_int(cell) - 1));
        wanted = lappend(wanted, entry->expr);
    }
    self->translator_ =
        new (palloc(sizeof(ExpressionTranslator))) ExpressionTranslator(planState, attributes);
    self->having_ = translateList(self->translator_, planState->plan->qual);
    self->outputs_ = translateList(self->translator_, wanted);

    const auto columns = static_cast<Size>(Max(self->columns_, 1));
    self->needed_ = static_cast<bool*>(palloc0(columns));
    self->forms_ = static_cast<Form_pg_attribute*>(palloc0(sizeof(Form_pg_attribute) * columns));
    self->coded_ = static_cast<Coded*>(palloc0(sizeof(Coded) * columns));
    self->groups_.blocks = static_cast<vector::Block**>(palloc0(sizeof(vector::Block*) * columns));
    Bitmapset* used = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(wanted), INDEX_VAR, &used);
    pull_varattnos(reinterpret_cast<Node*>(planState->plan->qual), INDEX_VAR, &used);
    MemoryContext context = CurrentMemoryContext;
    self->context_ = context;
    pg::ContextResource* resource = self->translator_->resource();
    for (int i = 0; i < self->columns_; i++) {
        const int keys = self->stream_->keyCount;
        self->forms_[i] =
            i < keys ? self->stream_->keyForms[i] : self->stream_->aggregates[i - keys].form;
        self->needed_[i] = bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, used);
    }
    pg::enterEngine([&] {
        for (int i = 0; i < self->columns_; i++) {
            self->groups_.blocks[i] = pg::makeIn<vector::Block>(context, resource);
        }
        self->evaluator_ = pg::makeIn<scan::Evaluator>(context, self->translator_->builder(),
                                                       self->translator_->foreign(), resource);
    });
    return self;
}

void GroupBatches::close() {
    translator_->release();
    MemoryContextDelete(batchContext_);
}

bool GroupBatches::next(scan::Selection& selection) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        if (stream_->group >= stream_->groups && !nextGroupRange(stream_)) {
            return false;
        }
        first_ = stream_->group;
        rows_ = Min(kBatchRows, stream_->groups - first_);
        stream_->group += rows_;
        groups_.setRows(rows_);
        fill();
        own_.selectAll(rows_);
        pg::enterEngine([&] {
            for (const scan::Expression* condition : having_) {
                if (!own_.empty()) {
                    evaluator_->filter(*condition, groups_, own_);
                }
            }
        });
        if (!own_.empty()) {
            selection = own_;
            return true;
        }
    }
}

void GroupBatches::fill() {
    MemoryContextReset(batchContext_);
    MemoryContext previous = MemoryContextSwitchTo(batchContext_);
    for (int i = 0; i < columns_; i++) {
        vector::Block& block = *groups_.blocks[i];
        block.shape = vector::Block::Shape::Flat;
        block.rows = rows_;
        if (needed_[i]) {
            fillColumn(i);
        }
    }
    MemoryContextSwitchTo(previous);
}

// Appends a value that needs no PostgreSQL to make; false when it does.
bool GroupBatches::appendByValue(int column, uint32_t group, vector::Column& out) {
    Form_pg_attribute form = forms_[column];
    if (!form->attbyval) {
        return false;
    }
    if (column < stream_->keyCount) {
        const aggregate::Value key =
            stream_->aggregation->key(group, static_cast<uint32_t>(column));
        if (key.null) {
            out.appendNull();
        } else {
            storage::appendValue(out, form, datumOf(form, key.integer, key.real, {}));
        }
        return true;
    }
    const StreamAggregate& target = stream_->aggregates[column - stream_->keyCount];
    if (target.behavioural) {
        const behavior::GroupResult result = target.state->result(group);
        if (result.null) {
            out.appendNull();
        } else {
            storage::appendValue(out, form, datumOf(form, result.integer, 0, {}));
        }
        return true;
    }
    if (target.function.form != ResultForm::Direct) {
        return false;
    }
    const aggregate::Result result = stream_->aggregation->result(group, target.index);
    if (result.null) {
        out.appendNull();
    } else {
        storage::appendValue(out, form, datumOf(form, result.integer, result.real, {}));
    }
    return true;
}

// Makes the column codes of results; false where the aggregate has none.
bool GroupBatches::fillCodes(int column) {
    if (column < stream_->keyCount) {
        return false;
    }
    const StreamAggregate& target = stream_->aggregates[column - stream_->keyCount];
    if (!target.behavioural) {
        return false;
    }
    vector::Block& block = *groups_.blocks[column];
    Coded& coded = coded_[column];
    Form_pg_attribute form = forms_[column];
    bool found = false;
    uint32_t codes = 0;
    pg::enterEngine([&] {
        block.codes.resize(rows_);
        found = target.state->resultCodes(first_, rows_, block.codes.data());
        codes = target.state->codes();
        if (found && coded.entries == nullptr) {
            coded.entries = pg::makeIn<vector::Column>(context_, storage::columnTypeOf(form),
                                                       translator_->resource());
            coded.id = encoding::nextDictionaryId();
        }
    });
    if (!found) {
        return false;
    }
    for (uint32_t code = coded.entries->size(); code < codes; code++) {
        behavior::GroupResult result;
        pg::enterEngine([&] { result = target.state->resultOfCode(code); });
        bool null = false;
        Datum value = groupDatum(target.call.function, result, target.row, &null);
        storage::prepareValue(form, &value);
        pg::enterEngine([&] { storage::appendValue(*coded.entries, form, value); });
    }
    block.shape = vector::Block::Shape::Dictionary;
    block.dictionary = coded.entries;
    block.dictionaryId = coded.id;
    return true;
}

void GroupBatches::fillColumn(int column) {
    if (fillCodes(column)) {
        return;
    }
    vector::Column& out = groups_.blocks[column]->values;
    Form_pg_attribute form = forms_[column];
    bool complete = true;
    pg::enterEngine([&] {
        out.reset(storage::columnTypeOf(form));
        out.reserve(rows_);
        for (uint32_t row = 0; row < rows_ && complete; row++) {
            complete = appendByValue(column, first_ + row, out);
        }
    });
    if (complete) {
        return;
    }
    const auto rows = static_cast<Size>(rows_);
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * rows));
    auto* nulls = static_cast<bool*>(palloc(rows));
    const int keys = stream_->keyCount;
    for (uint32_t row = 0; row < rows_; row++) {
        values[row] = column < keys
                          ? streamKey(stream_, first_ + row, column, &nulls[row])
                          : streamResult(stream_, first_ + row, column - keys, &nulls[row]);
        if (!nulls[row]) {
            storage::prepareValue(form, &values[row]);
        }
    }
    pg::enterEngine([&] {
        out.reset(storage::columnTypeOf(form));
        for (uint32_t row = 0; row < rows_; row++) {
            if (nulls[row]) {
                out.appendNull();
            } else {
                storage::appendValue(out, form, values[row]);
            }
        }
    });
}

const vector::Block& GroupBatches::column(uint32_t index) {
    const scan::Expression& output = *outputs_[index];
    if (output.op == scan::Operator::Column) {
        return groups_.column(output.index);
    }
    return evaluator_->evaluate(output, groups_, own_);
}

}  // namespace footfall::executor
