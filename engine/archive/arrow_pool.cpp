#include "engine/archive/arrow_pool.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace footfall::archive {
namespace {

// What Arrow gets for nothing must not be freed.
alignas(64) uint8_t nothing[1];

// Before an aligned block stands where the resource's own began.
constexpr size_t kHeader = sizeof(void*);

size_t rawSize(int64_t size, int64_t alignment) {
    return static_cast<size_t>(size) + static_cast<size_t>(alignment) + kHeader;
}

}  // namespace

arrow::Status ArrowPool::Allocate(int64_t size, int64_t alignment, uint8_t** out) {
    if (size < 0)
        return arrow::Status::Invalid("negative size");
    if (size == 0) {
        *out = nothing;
        return arrow::Status::OK();
    }
    void* raw;
    try {
        raw = resource_->allocate(rawSize(size, alignment), alignof(void*));
    } catch (const std::bad_alloc&) {
        return arrow::Status::OutOfMemory("out of memory");
    }
    const auto mask = static_cast<uintptr_t>(alignment) - 1;
    const auto at = (reinterpret_cast<uintptr_t>(raw) + kHeader + mask) & ~mask;
    *out = reinterpret_cast<uint8_t*>(at);
    std::memcpy(*out - kHeader, &raw, kHeader);
    allocated_ += size;
    most_ = std::max(most_, allocated_);
    total_ += size;
    ++allocations_;
    return arrow::Status::OK();
}

arrow::Status ArrowPool::Reallocate(int64_t oldSize, int64_t newSize, int64_t alignment,
                                    uint8_t** pointer) {
    uint8_t* fresh = nullptr;
    ARROW_RETURN_NOT_OK(Allocate(newSize, alignment, &fresh));
    const int64_t kept = std::min(oldSize, newSize);
    if (kept > 0)
        std::memcpy(fresh, *pointer, static_cast<size_t>(kept));
    Free(*pointer, oldSize, alignment);
    *pointer = fresh;
    return arrow::Status::OK();
}

void ArrowPool::Free(uint8_t* buffer, int64_t size, int64_t alignment) {
    if (buffer == nothing || buffer == nullptr)
        return;
    void* raw;
    std::memcpy(&raw, buffer - kHeader, kHeader);
    resource_->deallocate(raw, rawSize(size, alignment), alignof(void*));
    allocated_ -= size;
}

}  // namespace footfall::archive
