// How much the states of behavioural aggregates and sketches may take, and where they take it from.
//
// One group's events cannot be spilled, so a group may have work_mem and 240 MB: more is an error,
// 53200, long before the machine is short. A query holds a group's events more than once, though:
// in the states of a worker's and of the last step, packed on their way between the two, in a sort.
// So what a large array may take is what the whole query has left, all of its memory contexts
// counted. Small ones, up to a sixteenth of the limit, do not ask: a hash table of many groups is
// PostgreSQL's to bound, and what joins and sorts hold beside them must not stop them.
#pragma once

#include "extension/pg/memory.h"

namespace footfall::executor {

// In bytes.
size_t stateLimit();

class StateResource final : public pg::ContextResource {
  public:
    using ContextResource::ContextResource;
    void* resize(void* pointer, std::size_t bytes, std::size_t wanted) override;
    size_t left() const override;
    // Throws OutOfMemory when an array that has `held` bytes may not take `more`.
    void check(size_t held, size_t more) const;

  private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
};

}  // namespace footfall::executor
