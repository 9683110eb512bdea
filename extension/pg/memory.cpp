// See memory.h. Alignments above MAXALIGN are served by over-allocating; the distance is kept just
// before the returned address.
//
// Under AddressSanitizer a memory context is a few large allocations, in which no overrun and no
// use after free can be seen. There each allocation is malloc's as well: an unused one of the same
// size, so that contexts grow as they would, carries it, and it is freed with that one or when the
// context is reset.
#include "extension/pg/memory.h"

#include "extension/pg/guard.h"

#if defined(__SANITIZE_ADDRESS__)
#include <cstdlib>
#include <unordered_map>
#endif

namespace footfall::pg {

namespace {

constexpr int kFlags = MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM;

#if defined(__SANITIZE_ADDRESS__)

// In the memory context.
struct Carrier {
    Carrier* next;
    Carrier** link;  // what points to this one
    void* block;
};

// The first carrier of each context that has one. Never destroyed: contexts outlive statics.
std::unordered_map<void*, Carrier*>& carriers() {
    static auto* const map = new std::unordered_map<void*, Carrier*>();
    return *map;
}

// By what is malloc's.
std::unordered_map<void*, Carrier*>& blocks() {
    static auto* const map = new std::unordered_map<void*, Carrier*>();
    return *map;
}

void release(Carrier* carrier) {
    blocks().erase(carrier->block);
    std::free(carrier->block);
}

void releaseAll(void* context) {
    for (Carrier* carrier = carriers()[context]; carrier != nullptr; carrier = carrier->next) {
        release(carrier);
    }
    carriers().erase(context);
}

bool watch(MemoryContext context) {
    if (carriers().contains(context)) {
        return true;
    }
    auto* callback = static_cast<MemoryContextCallback*>(
        MemoryContextAllocExtended(context, sizeof(MemoryContextCallback), kFlags));
    if (callback == nullptr) {
        return false;
    }
    callback->func = releaseAll;
    callback->arg = context;
    MemoryContextRegisterResetCallback(context, callback);
    carriers()[context] = nullptr;
    return true;
}

void* takeFrom(MemoryContext context, std::size_t bytes, std::size_t alignment) {
    auto* carrier = static_cast<Carrier*>(
        watch(context)
            ? MemoryContextAllocExtended(context, std::max(bytes, sizeof(Carrier)), kFlags)
            : nullptr);
    void* block = nullptr;
    if (carrier == nullptr || posix_memalign(&block, std::max(alignment, sizeof(void*)),
                                             std::max(bytes, std::size_t{1})) != 0) {
        throw std::bad_alloc();
    }
    Carrier*& first = carriers()[context];
    *carrier = {first, &first, block};
    if (first != nullptr) {
        first->link = &carrier->next;
    }
    first = carrier;
    blocks()[block] = carrier;
    return block;
}

void giveBack(void* pointer, std::size_t) {
    Carrier* carrier = blocks().at(pointer);
    *carrier->link = carrier->next;
    if (carrier->next != nullptr) {
        carrier->next->link = carrier->link;
    }
    release(carrier);
    pfree(carrier);
}

void* resizeIn(MemoryContext context, void* pointer, std::size_t bytes, std::size_t wanted) {
    void* fresh = takeFrom(context, wanted, base::kGrowingAlignment);
    memcpy(fresh, pointer, std::min(bytes, wanted));
    giveBack(pointer, base::kGrowingAlignment);
    return fresh;
}

#else

void* takeFrom(MemoryContext context, std::size_t bytes, std::size_t alignment) {
    if (alignment <= MAXIMUM_ALIGNOF) {
        void* pointer = MemoryContextAllocExtended(context, bytes, kFlags);
        if (pointer == nullptr) {
            throw std::bad_alloc();
        }
        return pointer;
    }
    auto* raw = static_cast<char*>(
        MemoryContextAllocExtended(context, bytes + alignment + sizeof(std::size_t), kFlags));
    if (raw == nullptr) {
        throw std::bad_alloc();
    }
    auto* aligned = reinterpret_cast<char*>(
        TYPEALIGN(alignment, reinterpret_cast<std::uintptr_t>(raw) + sizeof(std::size_t)));
    reinterpret_cast<std::size_t*>(aligned)[-1] = static_cast<std::size_t>(aligned - raw);
    return aligned;
}

void giveBack(void* pointer, std::size_t alignment) {
    if (alignment > MAXIMUM_ALIGNOF) {
        pointer = static_cast<char*>(pointer) - static_cast<std::size_t*>(pointer)[-1];
    }
    pfree(pointer);
}

void* resizeIn(MemoryContext, void* pointer, std::size_t, std::size_t wanted) {
    static_assert(base::kGrowingAlignment <= MAXIMUM_ALIGNOF);
    void* resized = nullptr;
    callPostgres([&] { resized = repalloc_huge(pointer, wanted); });
    return resized;
}

#endif

}  // namespace

void* ContextResource::do_allocate(std::size_t bytes, std::size_t alignment) {
    if (bytes > MaxAllocHugeSize - alignment - sizeof(std::size_t)) {
        throw std::bad_alloc();
    }
    return takeFrom(context_, bytes, alignment);
}

void* ContextResource::resize(void* pointer, std::size_t bytes, std::size_t wanted) {
    if (wanted > MaxAllocHugeSize) {
        throw std::bad_alloc();
    }
    return resizeIn(context_, pointer, bytes, wanted);
}

void ContextResource::do_deallocate(void* pointer, std::size_t, std::size_t alignment) {
    giveBack(pointer, alignment);
}

}  // namespace footfall::pg
