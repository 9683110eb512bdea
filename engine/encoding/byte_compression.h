// LZ4 and zstd over single buffers, with sizes checked before memory is taken.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/byte_writer.h"
#include "engine/encoding/int_stream.h"

namespace footfall::encoding {

enum class Compression : uint8_t { Lz4 = 1, Zstd = 2 };

Compression compressionFor(Effort effort) noexcept;

// Compresses; keeps its state for the next buffer.
class Compressor {
  public:
    explicit Compressor(Effort effort);
    ~Compressor();
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;
    Compression algorithm() const noexcept { return algorithm_; }
    // Appends the compressed form; returns its size.
    size_t compress(std::span<const std::byte> raw, base::ByteWriter& out);

  private:
    Compression algorithm_;
    int level_;
    void* state_ = nullptr;
};

// Throws CorruptData when `compressed` cannot be the form of `rawSize` bytes; to be asked before
// memory for them is taken.
void checkPlausible(Compression algorithm, size_t compressed, uint64_t rawSize);
// Fills `raw` entirely or throws CorruptData.
void decompress(Compression algorithm, std::span<const std::byte> compressed,
                std::span<std::byte> raw);

}  // namespace footfall::encoding
