// The engine's memory pool over a memory context: charged to PostgreSQL, freed with the context.
//
// Allocation never raises an ERROR (that would jump over engine frames): it throws std::bad_alloc,
// which enterEngine reports as 53200.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::pg {

class ContextResource final : public std::pmr::memory_resource {
  public:
    explicit ContextResource(MemoryContext context) : context_(context) {}
    MemoryContext context() const { return context_; }

  private:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* pointer, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

    MemoryContext context_;
};

// Makes an object of T in `context`, without ever running its destructor: what it owns must come
// from resources over contexts that live as long as `context`. T's constructor may throw only
// inside enterEngine.
template <class T, class... Arguments>
T* makeIn(MemoryContext context, Arguments&&... arguments) {
    void* place = MemoryContextAllocExtended(context, sizeof(T), MCXT_ALLOC_NO_OOM);
    if (place == nullptr) {
        throw std::bad_alloc();
    }
    return new (place) T(std::forward<Arguments>(arguments)...);
}

}  // namespace footfall::pg
