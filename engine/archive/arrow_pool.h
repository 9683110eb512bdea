// Arrow's memory from a std::pmr::memory_resource, so that it is charged to whoever pays.
//
// The resource need not give more than eight-byte alignment and is used from one thread only: the
// archive never lets Arrow start threads.
#pragma once

#include <arrow/memory_pool.h>

#include <memory_resource>

namespace footfall::archive {

class ArrowPool final : public arrow::MemoryPool {
  public:
    explicit ArrowPool(std::pmr::memory_resource* resource) : resource_(resource) {}

    arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
    arrow::Status Reallocate(int64_t oldSize, int64_t newSize, int64_t alignment,
                             uint8_t** pointer) override;
    void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
    int64_t bytes_allocated() const override { return allocated_; }
    int64_t max_memory() const override { return most_; }
    int64_t total_bytes_allocated() const override { return total_; }
    int64_t num_allocations() const override { return allocations_; }
    std::string backend_name() const override { return "footfall"; }

  private:
    std::pmr::memory_resource* resource_;
    int64_t allocated_ = 0;
    int64_t most_ = 0;
    int64_t total_ = 0;
    int64_t allocations_ = 0;
};

}  // namespace footfall::archive
