// See query_rows.h.
#include "extension/reports/query_rows.h"

#include "extension/pg/guard.h"

namespace footfall::reports {

QueryRows::QueryRows(const char* query, std::initializer_list<Oid> types)
    : context_(CurrentMemoryContext),
      rows_(tuplestore_begin_heap(false, false, work_mem)),
      slot_(nullptr) {
    TupleDesc descriptor = CreateTemplateTupleDesc(static_cast<int>(types.size()));
    AttrNumber number = 1;
    for (const Oid type : types) {
        TupleDescInitEntry(descriptor, number++, "column", type, -1, 0);
    }
    tuplestore_set_eflags(rows_, EXEC_FLAG_REWIND);
    runQuery(query, rows_, descriptor);
    slot_ = MakeSingleTupleTableSlot(descriptor, &TTSOpsMinimalTuple);
}

bool QueryRows::next() {
    CHECK_FOR_INTERRUPTS();
    // A row read from disk is the slot's to free with the next one: it must not be in a context
    // that the caller resets before.
    MemoryContext previous = MemoryContextSwitchTo(context_);
    const bool found = tuplestore_gettupleslot(rows_, true, false, slot_);
    if (found) {
        slot_getallattrs(slot_);
    }
    MemoryContextSwitchTo(previous);
    return found;
}

void QueryRows::rewind() {
    tuplestore_rescan(rows_);
}

void QueryRows::end() {
    ExecDropSingleTupleTableSlot(slot_);
    tuplestore_end(rows_);
}

char* QueryRows::string(int column) const {
    return isNull(column) ? nullptr : TextDatumGetCString(slot_->tts_values[column]);
}

void pollInterrupts() {
    pg::callPostgres([] { CHECK_FOR_INTERRUPTS(); });
}

size_t engineLimit() {
    constexpr size_t kBeyondWorkMem = size_t{240} << 20;
    return static_cast<size_t>(work_mem) * 1024 + kBeyondWorkMem;
}

}  // namespace footfall::reports
