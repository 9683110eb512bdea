// See state_memory.h.
#include "extension/executor/state_memory.h"

#include "engine/base/error.h"
#include "engine/behavior/event_array.h"

namespace footfall::executor {

namespace {

size_t smallArray() {
    return stateLimit() / behavior::EventArray<int64>::kSmallShare;
}

}  // namespace

size_t stateLimit() {
    constexpr size_t kBeyondWorkMem = size_t{240} << 20;
    return static_cast<size_t>(work_mem) * 1024 + kBeyondWorkMem;
}

// What the query holds is what hangs below the executor's context of it: other cursors and what a
// transaction keeps for its end are not the query's.
size_t StateResource::left() const {
    MemoryContext query = context();
    while (query->parent != nullptr && query->parent != TopMemoryContext &&
           strcmp(query->name, "ExecutorState") != 0) {
        query = query->parent;
    }
    const Size all = MemoryContextMemAllocated(query, true);
    const size_t limit = stateLimit();
    return limit > all ? limit - all : 0;
}

void StateResource::check(size_t held, size_t more) const {
    if (held + more > smallArray() && more > left()) {
        throw base::Error(base::ErrorKind::OutOfMemory,
                          "the state of one group, with what the query holds beside it, needs more "
                          "than %zu MB",
                          stateLimit() >> 20)
            .withHint("Count fewer rows per group with FILTER, or raise work_mem.");
    }
}

void* StateResource::do_allocate(std::size_t bytes, std::size_t alignment) {
    check(0, bytes);
    return ContextResource::do_allocate(bytes, alignment);
}

void* StateResource::resize(void* pointer, std::size_t bytes, std::size_t wanted) {
    if (wanted > bytes) {
        check(bytes, wanted - bytes);
    }
    return ContextResource::resize(pointer, bytes, wanted);
}

}  // namespace footfall::executor
