// Sorting and encoding one segment, optionally on a thread of its own while the caller collects the
// next rows.
//
// The thread starts with all signals blocked, calls nothing but the engine, allocates from the C++
// heap only, and is joined by wait() or by the destructor, whichever comes first. What goes wrong
// in it is thrown by wait().
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "engine/segment/segment_encoder.h"
#include "engine/vector/column.h"

namespace footfall::segment {

class EncodeJob {
  public:
    // `columns` are only read, and must stay as they are until wait() returns or the job is
    // destroyed. The rows are sorted by `sortKeys` first (see sortPermutation), which also get
    // bloom filters. In the background unless a thread cannot be had; otherwise all work is done by
    // the first wait().
    EncodeJob(std::span<const vector::Column> columns, std::span<const uint32_t> sortKeys,
              int effort, bool background);
    ~EncodeJob();
    EncodeJob(const EncodeJob&) = delete;
    EncodeJob& operator=(const EncodeJob&) = delete;

    // The encoded segment, which lives as long as the job. Throws what encodeSegment throws.
    const EncodedSegment& wait();
    // For each row of the segment its position in `columns`; empty when the order is the same.
    // After wait().
    std::span<const uint32_t> order() const noexcept { return order_; }

  private:
    void run() noexcept;
    void encode();

    std::span<const vector::Column> columns_;
    std::vector<uint32_t> sortKeys_;
    int effort_;
    bool done_ = false;
    std::vector<uint32_t> order_;
    std::optional<EncodedSegment> encoded_;
    std::exception_ptr failure_;
    std::thread thread_;
};

}  // namespace footfall::segment
