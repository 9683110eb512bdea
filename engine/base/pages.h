// Stored bytes that arrive page by page.
//
// Memory for all of them is there from the start, what it holds only once a page was required.
// Whoever keeps a pointer into such bytes requires a range before each look at it; ByteReader does
// so by itself.
#pragma once

#include <cstddef>

namespace footfall::base {

class Pages {
  public:
    static constexpr size_t kPageBytes = 4096;

    // Makes [at, at + size), which lies in the bytes, readable. Throws what loading throws, and
    // CorruptData on a checksum that does not match.
    void require(const std::byte* at, size_t size) {
        if (!complete_)
            load(at, size);
    }

  protected:
    ~Pages() = default;
    virtual void load(const std::byte* at, size_t size) = 0;
    bool complete_ = false;
};

// A run of stored bytes that may not be there yet.
class StoredBytes {
  public:
    StoredBytes() = default;
    StoredBytes(const std::byte* data, size_t size, Pages* pages) noexcept
        : data_(data), size_(size), pages_(pages) {}

    size_t size() const noexcept { return size_; }
    // The bytes from `offset` on, of which `size` may be read.
    const std::byte* at(size_t offset, size_t size) const {
        if (pages_ != nullptr)
            pages_->require(data_ + offset, size);
        return data_ + offset;
    }

  private:
    const std::byte* data_ = nullptr;
    size_t size_ = 0;
    Pages* pages_ = nullptr;
};

}  // namespace footfall::base
