// The engine's memory pool over a memory context: charged to PostgreSQL, freed with the context.
//
// Allocation never raises an ERROR (that would jump over engine frames): it throws std::bad_alloc,
// which enterEngine reports as 53200. Large arrays grow by realloc, which moves pages.
#pragma once

#include "engine/base/growing_resource.h"
#include "extension/pg/pg.h"

namespace footfall::pg {

class ContextResource : public base::GrowingResource {
  public:
    explicit ContextResource(MemoryContext context) : context_(context) {}
    MemoryContext context() const { return context_; }
    void* resize(void* pointer, std::size_t bytes, std::size_t wanted) override;

  protected:
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* pointer, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

  private:
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
