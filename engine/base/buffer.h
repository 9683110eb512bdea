// A growing byte buffer over a memory resource.
//
// Unlike std::pmr::vector<std::byte> it does not zero what it grows by, and it promises alignment
// of kAlignment only, so any memory resource that gives eight-byte alignment will do.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory_resource>
#include <utility>

#include "engine/base/growing_resource.h"

namespace footfall::base {

class Buffer {
  public:
    static constexpr size_t kAlignment = 8;

    explicit Buffer(std::pmr::memory_resource* resource) noexcept : resource_(resource) {}
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    Buffer(Buffer&& other) noexcept
        : resource_(other.resource_),
          data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(resource_, other.resource_);
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~Buffer() { release(); }

    std::byte* data() noexcept { return data_; }
    const std::byte* data() const noexcept { return data_; }
    size_t size() const noexcept { return size_; }
    size_t capacity() const noexcept { return capacity_; }
    bool empty() const noexcept { return size_ == 0; }
    std::pmr::memory_resource* resource() const noexcept { return resource_; }

    void clear() noexcept { size_ = 0; }
    void reserve(size_t bytes) {
        if (bytes > capacity_)
            grow(bytes);
    }
    // New bytes are uninitialised.
    void resize(size_t bytes) {
        reserve(bytes);
        size_ = bytes;
    }
    // Returns where the `bytes` new, uninitialised bytes begin.
    std::byte* extend(size_t bytes) {
        if (capacity_ - size_ < bytes)
            grow(size_ + bytes);
        std::byte* at = data_ + size_;
        size_ += bytes;
        return at;
    }
    void append(const void* bytes, size_t size) {
        std::byte* at = extend(size);
        if (size != 0)
            std::memcpy(at, bytes, size);
    }

  private:
    void grow(size_t needed) {
        size_t capacity = capacity_ + capacity_ / 2;
        if (capacity < needed)
            capacity = needed;
        if (capacity < 64)
            capacity = 64;
        capacity = (capacity + 7) & ~size_t{7};
        data_ = static_cast<std::byte*>(
            resizeArray(resource_, data_, capacity_, size_, capacity, kAlignment));
        capacity_ = capacity;
    }
    void release() noexcept {
        if (data_ != nullptr)
            resource_->deallocate(data_, capacity_, kAlignment);
        data_ = nullptr;
        size_ = capacity_ = 0;
    }

    std::pmr::memory_resource* resource_;
    std::byte* data_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
};

}  // namespace footfall::base
