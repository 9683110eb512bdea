// Sequences of 64-bit words, the ground all other codecs stand on.
//
// A stream does not store its length: whoever holds it knows (rows, runs, dictionary entries), so
// damaged data cannot ask for more. Words are taken modulo 2^64; signed values are two's
// complement.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/encoding/arena.h"

namespace footfall::encoding {

// The first byte of a stored stream.
enum class IntCodec : uint8_t {
    Constant = 1,
    FrameOfReference = 2,
    Delta = 3,
    DeltaOfDelta = 4,
};

// 0: while rows are loaded, speed first. 1: seal. 2: compact, size first.
enum class Effort : uint8_t { Fast = 0, Seal = 1, Compact = 2 };

class IntDecoder {
  public:
    explicit IntDecoder(uint32_t size) noexcept : size_(size) {}
    uint32_t size() const noexcept { return size_; }
    // Any range inside [0, size()).
    virtual void decode(uint32_t first, uint32_t count, uint64_t* out) = 0;
    // The same with the words cut to 32 bits; returns the greatest word, which tells whether any
    // was cut.
    virtual uint64_t decode32(uint32_t first, uint32_t count, uint32_t* out);
    // out[i] is the word at first + positions[i]; positions ascend, not necessarily strictly.
    virtual void gather(uint32_t first, std::span<const uint16_t> positions, uint64_t* out);

  protected:
    ~IntDecoder() = default;

  private:
    uint32_t size_;
};

// Chooses a codec and appends the stream, codec byte first.
void encodeIntegers(std::span<const uint64_t> values, Effort effort, base::ByteWriter& out);
// Opens a stream of `size` words; `in` holds exactly the stream.
IntDecoder* openIntegers(base::ByteReader in, uint32_t size, Arena& arena);

// The stream as a length-prefixed part.
void encodeIntegerPart(std::span<const uint64_t> values, Effort effort, base::ByteWriter& out);
IntDecoder* openIntegerPart(base::ByteReader& in, uint32_t size, Arena& arena);

const char* intCodecName(IntCodec codec) noexcept;

}  // namespace footfall::encoding
