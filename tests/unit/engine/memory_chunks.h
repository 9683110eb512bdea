// A segment held in memory, for tests.
#pragma once

#include <cstring>
#include <vector>

#include "engine/segment/segment_encoder.h"
#include "engine/segment/segment_reader.h"

namespace footfall::samples {

class MemoryChunks final : public segment::ChunkSource {
  public:
    explicit MemoryChunks(const segment::EncodedSegment& segment) : segment_(segment) {}
    void fetch(uint32_t column, uint32_t offset, std::span<std::byte> into) override {
        ++fetches;
        fetched += into.size();
        copy(segment_.chunks[column], offset, into);
    }
    void fetchIndex(uint32_t offset, std::span<std::byte> into) override {
        copy(segment_.index, offset, into);
    }

    int fetches = 0;
    size_t fetched = 0;  // bytes

  private:
    // A piece that is shorter than its header says fails as a store would.
    static void copy(std::span<const std::byte> piece, uint32_t offset, std::span<std::byte> into) {
        if (offset + into.size() > piece.size())
            base::throwCorrupt("a piece of %zu bytes ends early", piece.size());
        std::memcpy(into.data(), piece.data() + offset, into.size());
    }

    const segment::EncodedSegment& segment_;
};

}  // namespace footfall::samples
