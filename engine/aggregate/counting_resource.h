// Passes memory through and knows how much of it is held.
#pragma once

#include <cstddef>
#include <memory_resource>

namespace footfall::aggregate {

class CountingResource final : public std::pmr::memory_resource {
  public:
    explicit CountingResource(std::pmr::memory_resource* upstream) noexcept : upstream_(upstream) {}
    size_t held() const noexcept { return held_; }

  private:
    void* do_allocate(size_t bytes, size_t alignment) override {
        void* at = upstream_->allocate(bytes, alignment);
        held_ += bytes;
        return at;
    }
    void do_deallocate(void* at, size_t bytes, size_t alignment) override {
        held_ -= bytes;
        upstream_->deallocate(at, bytes, alignment);
    }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

    std::pmr::memory_resource* upstream_;
    size_t held_ = 0;
};

}  // namespace footfall::aggregate
