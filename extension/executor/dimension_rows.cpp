// See dimension_rows.h.
#include "extension/executor/dimension_rows.h"

#include "extension/executor/value_type.h"
#include "extension/pg/guard.h"
#include "extension/storage/value.h"

namespace footfall::executor {

using scan::kBatchRows;

namespace {

// Beside a value: its code, and the key's place in the table of keys.
constexpr Size kPerValue = 8;
constexpr Size kPerRow = 16;

Size sizeOf(Form_pg_attribute form, Datum value) {
    if (form->attlen > 0) {
        return static_cast<Size>(form->attlen);
    }
    return form->attlen == -1 ? VARSIZE_ANY(DatumGetPointer(value))
                              : strlen(DatumGetCString(value)) + 1;
}

void appendValue(vector::Column& column, Form_pg_attribute form, Datum value, bool null) {
    if (null) {
        column.appendNull();
    } else {
        storage::appendValue(column, form, value);
    }
}

}  // namespace

DimensionRows* DimensionRows::create(PlanState* child, int columns, int key) {
    auto* self = new (palloc0(sizeof(DimensionRows))) DimensionRows();
    const auto count = static_cast<Size>(columns);
    self->child_ = child;
    self->columnCount_ = columns;
    self->key_ = key;
    self->context_ = CurrentMemoryContext;
    self->rowsContext_ =
        AllocSetContextCreate(CurrentMemoryContext, "footfall dimension", ALLOCSET_DEFAULT_SIZES);
    self->batchContext_ = AllocSetContextCreate(CurrentMemoryContext, "footfall dimension rows",
                                                ALLOCSET_DEFAULT_SIZES);
    self->forms_ = static_cast<Form_pg_attribute*>(palloc(sizeof(Form_pg_attribute) * count));
    self->values_ = static_cast<Datum**>(palloc(sizeof(Datum*) * count));
    self->nulls_ = static_cast<bool**>(palloc(sizeof(bool*) * count));
    self->columns_ = static_cast<vector::Column**>(palloc0(sizeof(vector::Column*) * count));
    TupleDesc descriptor = ExecGetResultType(child);
    for (Size i = 0; i < count; i++) {
        self->forms_[i] = valueForm(TupleDescAttr(descriptor, static_cast<int>(i))->atttypid);
        self->values_[i] = static_cast<Datum*>(palloc(sizeof(Datum) * kBatchRows));
        self->nulls_[i] = static_cast<bool*>(palloc(sizeof(bool) * kBatchRows));
    }
    self->resource_ = nullptr;
    self->spooled_ = nullptr;
    self->spoolSlot_ = nullptr;
    self->parts_ = 1;
    self->loaded_ = 0;
    return self;
}

Size DimensionRows::open(Size limit, uint32_t mostParts) {
    if (read(limit)) {
        return bytes_;
    }
    MemoryContextReset(rowsContext_);
    MemoryContext previous = MemoryContextSwitchTo(child_->state->es_query_cxt);
    ExecReScan(child_);
    MemoryContextSwitchTo(previous);
    const Size bytes = spool();
    while (parts_ < mostParts && bytes / parts_ > limit) {
        parts_ *= 2;
    }
    load(0);
    return bytes / parts_;
}

void DimensionRows::load(uint32_t part) {
    loaded_ = part;
    tuplestore_rescan(spooled_);
    read(0);
}

void DimensionRows::release() {
    if (spooled_ != nullptr) {
        ExecDropSingleTupleTableSlot(spoolSlot_);
        tuplestore_end(spooled_);
        spooled_ = nullptr;
    }
}

// The next row of the child or, once they are there, of the temporary file.
TupleTableSlot* DimensionRows::next() {
    CHECK_FOR_INTERRUPTS();
    if (spoolSlot_ != nullptr) {
        // A tuple read from the file is the slot's to free.
        MemoryContext previous = MemoryContextSwitchTo(context_);
        const bool found = tuplestore_gettupleslot(spooled_, true, false, spoolSlot_);
        MemoryContextSwitchTo(previous);
        return found ? spoolSlot_ : nullptr;
    }
    // What the child keeps belongs to the query, not to this execution.
    MemoryContext previous = MemoryContextSwitchTo(child_->state->es_query_cxt);
    TupleTableSlot* slot = ExecProcNode(child_);
    MemoryContextSwitchTo(previous);
    return TupIsNull(slot) ? nullptr : slot;
}

// Returns what the row will take in memory.
Size DimensionRows::take(TupleTableSlot* slot, uint32_t row) {
    slot_getallattrs(slot);
    Size bytes = kPerRow;
    for (int i = 0; i < columnCount_; i++) {
        const bool null = slot->tts_isnull[i];
        nulls_[i][row] = null;
        values_[i][row] = null ? Datum{0} : copyValue(forms_[i], slot->tts_values[i]);
        bytes += kPerValue + (null ? 0 : sizeOf(forms_[i], values_[i][row]));
    }
    return bytes;
}

// Of the rows taken, those of the loaded part.
void DimensionRows::append(uint32_t rows) {
    pg::enterEngine([&] {
        vector::Column keys(columns_[key_]->type(), resource_);
        for (uint32_t row = 0; row < rows && parts_ > 1; row++) {
            appendValue(keys, forms_[key_], values_[key_][row], nulls_[key_][row]);
        }
        for (uint32_t row = 0; row < rows; row++) {
            if (parts_ > 1 && scan::LookupTable::partOf(keys, row, parts_) != loaded_) {
                continue;
            }
            for (int i = 0; i < columnCount_; i++) {
                appendValue(*columns_[i], forms_[i], values_[i][row], nulls_[i][row]);
            }
        }
    });
}

// Fills the columns; false as soon as the rows are more than the limit (0: none).
bool DimensionRows::read(Size limit) {
    MemoryContextReset(rowsContext_);
    MemoryContext previous = MemoryContextSwitchTo(rowsContext_);
    resource_ = new (palloc(sizeof(pg::ContextResource))) pg::ContextResource(rowsContext_);
    pg::enterEngine([&] {
        for (int i = 0; i < columnCount_; i++) {
            columns_[i] = pg::makeIn<vector::Column>(rowsContext_, storage::columnTypeOf(forms_[i]),
                                                     resource_);
        }
    });
    bytes_ = 0;
    uint32_t rows = 0;
    MemoryContextSwitchTo(batchContext_);
    while (TupleTableSlot* slot = next()) {
        bytes_ += take(slot, rows++);
        if (limit > 0 && bytes_ > limit) {
            break;
        }
        if (rows == kBatchRows) {
            append(rows);
            rows = 0;
            MemoryContextReset(batchContext_);
        }
    }
    const bool fits = limit == 0 || bytes_ <= limit;
    if (fits) {
        append(rows);
    }
    MemoryContextSwitchTo(previous);
    MemoryContextReset(batchContext_);
    return fits;
}

// Writes the child's rows to a temporary file; returns what they would take in memory.
Size DimensionRows::spool() {
    MemoryContext previous = MemoryContextSwitchTo(context_);
    spooled_ = tuplestore_begin_heap(false, false, work_mem);
    Size bytes = 0;
    MemoryContextSwitchTo(batchContext_);
    while (TupleTableSlot* slot = next()) {
        bytes += take(slot, 0);
        tuplestore_puttupleslot(spooled_, slot);
        MemoryContextReset(batchContext_);
    }
    MemoryContextSwitchTo(context_);
    spoolSlot_ = MakeSingleTupleTableSlot(ExecGetResultType(child_), &TTSOpsMinimalTuple);
    MemoryContextSwitchTo(previous);
    return bytes;
}

}  // namespace footfall::executor
