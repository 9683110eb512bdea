// See memory.h. Alignments above MAXALIGN are served by over-allocating; the distance is kept just
// before the returned address.
#include "extension/pg/memory.h"

namespace footfall::pg {

namespace {
constexpr int kFlags = MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM;
}

void* ContextResource::do_allocate(std::size_t bytes, std::size_t alignment) {
    if (bytes > MaxAllocHugeSize - alignment - sizeof(std::size_t)) {
        throw std::bad_alloc();
    }
    if (alignment <= MAXIMUM_ALIGNOF) {
        void* pointer = MemoryContextAllocExtended(context_, bytes, kFlags);
        if (pointer == nullptr) {
            throw std::bad_alloc();
        }
        return pointer;
    }
    auto* raw = static_cast<char*>(
        MemoryContextAllocExtended(context_, bytes + alignment + sizeof(std::size_t), kFlags));
    if (raw == nullptr) {
        throw std::bad_alloc();
    }
    auto* aligned = reinterpret_cast<char*>(
        TYPEALIGN(alignment, reinterpret_cast<std::uintptr_t>(raw) + sizeof(std::size_t)));
    reinterpret_cast<std::size_t*>(aligned)[-1] = static_cast<std::size_t>(aligned - raw);
    return aligned;
}

void ContextResource::do_deallocate(void* pointer, std::size_t, std::size_t alignment) {
    if (alignment > MAXIMUM_ALIGNOF) {
        pointer = static_cast<char*>(pointer) - static_cast<std::size_t*>(pointer)[-1];
    }
    pfree(pointer);
}

}  // namespace footfall::pg
