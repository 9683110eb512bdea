// A segment held in memory, for tests.
#pragma once

#include <vector>

#include "engine/segment/segment_encoder.h"
#include "engine/segment/segment_reader.h"

namespace footfall::samples {

class MemoryChunks final : public segment::ChunkSource {
  public:
    explicit MemoryChunks(const segment::EncodedSegment& segment) : segment_(segment) {}
    std::span<const std::byte> fetch(uint32_t column) override {
        ++fetches;
        return segment_.chunks[column];
    }
    std::span<const std::byte> fetchIndex() override { return segment_.index; }

    int fetches = 0;

  private:
    const segment::EncodedSegment& segment_;
};

}  // namespace footfall::samples
