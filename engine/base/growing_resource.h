// A memory resource whose allocations can grow where they are, and that says how much it still has.
//
// Growing by a copy needs the old and the new array at once, twice the memory at the worst moment.
// Where the operating system can move pages instead (realloc of what is large), it needs the new
// one alone. Arrays ask from kLargeArray on; below that a copy is as good.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>

namespace footfall::base {

inline constexpr size_t kLargeArray = size_t{1} << 20;
inline constexpr size_t kGrowingAlignment = 8;

class GrowingResource : public std::pmr::memory_resource {
  public:
    // What was allocated with `bytes` and an alignment of kGrowingAlignment at most, now with
    // `wanted`; its bytes are kept as far as both go, its place may change.
    virtual void* resize(void* pointer, size_t bytes, size_t wanted) = 0;
    // How many bytes more it may hand out.
    virtual size_t left() const { return SIZE_MAX; }
};

// The resource, if an array of `bytes` is to grow in place.
inline GrowingResource* growingResource(std::pmr::memory_resource* resource, size_t bytes) {
    return bytes < kLargeArray ? nullptr : dynamic_cast<GrowingResource*>(resource);
}

// `held` bytes at `pointer`, of which `used` count, as `wanted` bytes.
inline void* resizeArray(std::pmr::memory_resource* resource, void* pointer, size_t held,
                         size_t used, size_t wanted, size_t alignment) {
    if (GrowingResource* growing = growingResource(resource, wanted);
        growing != nullptr && pointer != nullptr && alignment <= kGrowingAlignment)
        return growing->resize(pointer, held, wanted);
    void* fresh = resource->allocate(wanted, alignment);
    if (used != 0)
        std::memcpy(fresh, pointer, used);
    if (pointer != nullptr)
        resource->deallocate(pointer, held, alignment);
    return fresh;
}

}  // namespace footfall::base
