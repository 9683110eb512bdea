// The chooser of integer codecs, and the constant stream.
#include "engine/encoding/int_stream.h"

#include <algorithm>
#include <vector>

#include "engine/encoding/bit_packing.h"
#include "engine/encoding/delta.h"
#include "engine/encoding/frame_of_reference.h"

namespace footfall::encoding {
namespace {

class ConstantDecoder final : public IntDecoder {
  public:
    ConstantDecoder(base::ByteReader in, uint32_t size)
        : IntDecoder(size), value_(static_cast<uint64_t>(in.zigzag())) {
        in.expectEnd();
    }
    void decode(uint32_t, uint32_t count, uint64_t* out) override {
        std::fill_n(out, count, value_);
    }
    uint64_t decode32(uint32_t, uint32_t count, uint32_t* out) override {
        std::fill_n(out, count, static_cast<uint32_t>(value_));
        return count == 0 ? 0 : value_;
    }
    void gather(uint32_t, std::span<const uint16_t> positions, uint64_t* out) override {
        std::fill_n(out, positions.size(), value_);
    }

  private:
    uint64_t value_;
};

bool isConstant(std::span<const uint64_t> values) {
    if (values.empty())
        return true;
    return std::all_of(values.begin(), values.end(),
                       [first = values[0]](uint64_t value) { return value == first; });
}

// How many blocks, spread evenly, stand for the stream.
size_t sampleBlocks(Effort effort, size_t blocks) {
    switch (effort) {
        case Effort::Fast:
            return std::min<size_t>(blocks, 4);
        case Effort::Seal:
            return std::min<size_t>(blocks, 16);
        case Effort::Compact:
            break;
    }
    return blocks;
}

IntCodec chooseCodec(std::span<const uint64_t> values, Effort effort) {
    const size_t blocks = (values.size() + kPackRows - 1) / kPackRows;
    const size_t samples = sampleBlocks(effort, blocks);
    size_t plain = 0;
    size_t delta = 0;
    size_t deltaOfDelta = 0;
    uint64_t words[kPackRows];
    for (size_t s = 0; s < samples; ++s) {
        const size_t first = s * blocks / samples * kPackRows;
        const auto block =
            values.subspan(first, std::min<size_t>(kPackRows, values.size() - first));
        const std::span<uint64_t> deltas(words, block.size());
        plain += frameOfReferenceBlockBytes(block);
        computeDeltas(block, deltas);
        delta += frameOfReferenceBlockBytes(deltas) + 8;
        computeDeltasOfDeltas(block, deltas);
        deltaOfDelta += frameOfReferenceBlockBytes(deltas) + 16;
    }
    // Prefix sums cost decoding time: they must earn it.
    IntCodec best = IntCodec::FrameOfReference;
    size_t bestBytes = plain - plain / 32;
    if (delta < bestBytes) {
        best = IntCodec::Delta;
        bestBytes = delta - delta / 32;
    }
    if (deltaOfDelta < bestBytes)
        best = IntCodec::DeltaOfDelta;
    return best;
}

}  // namespace

uint64_t IntDecoder::decode32(uint32_t first, uint32_t count, uint32_t* out) {
    uint64_t words[kPackRows];
    uint64_t greatest = 0;
    while (count > 0) {
        const uint32_t part = std::min(count, kPackRows - first % kPackRows);
        decode(first, part, words);
        for (uint32_t i = 0; i < part; ++i) {
            greatest = std::max(greatest, words[i]);
            out[i] = static_cast<uint32_t>(words[i]);
        }
        first += part;
        count -= part;
        out += part;
    }
    return greatest;
}

void IntDecoder::gather(uint32_t first, std::span<const uint16_t> positions, uint64_t* out) {
    uint64_t words[kPackRows];
    size_t done = 0;
    while (done < positions.size()) {
        // The words up to the last one wanted of one block.
        const uint32_t begin = first + positions[done];
        const uint32_t end = (begin / kPackRows + 1) * kPackRows;
        size_t stop = done + 1;
        while (stop < positions.size() && first + positions[stop] < end)
            ++stop;
        decode(begin, first + positions[stop - 1] - begin + 1, words);
        for (; done < stop; ++done)
            out[done] = words[first + positions[done] - begin];
    }
}

void encodeIntegers(std::span<const uint64_t> values, Effort effort, base::ByteWriter& out) {
    if (isConstant(values)) {
        out.u8(static_cast<uint8_t>(IntCodec::Constant));
        out.zigzag(values.empty() ? 0 : static_cast<int64_t>(values[0]));
        return;
    }
    const IntCodec codec = chooseCodec(values, effort);
    out.u8(static_cast<uint8_t>(codec));
    switch (codec) {
        case IntCodec::Delta:
            encodeDelta(values, out);
            break;
        case IntCodec::DeltaOfDelta:
            encodeDeltaOfDelta(values, out);
            break;
        default:
            encodeFrameOfReference(values, out);
    }
}

IntDecoder* openIntegers(base::ByteReader in, uint32_t size, Arena& arena) {
    const Arena::Nesting nesting(arena);
    const uint8_t codec = in.u8();
    switch (static_cast<IntCodec>(codec)) {
        case IntCodec::Constant:
            return arena.make<ConstantDecoder>(in, size);
        case IntCodec::FrameOfReference:
            return openFrameOfReference(in, size, arena);
        case IntCodec::Delta:
            return openDelta(in, size, arena);
        case IntCodec::DeltaOfDelta:
            return openDeltaOfDelta(in, size, arena);
    }
    base::throwCorrupt("integer codec %d is not known", codec);
}

void encodeIntegerPart(std::span<const uint64_t> values, Effort effort, base::ByteWriter& out) {
    const size_t part = out.beginPart();
    encodeIntegers(values, effort, out);
    out.endPart(part);
}

IntDecoder* openIntegerPart(base::ByteReader& in, uint32_t size, Arena& arena) {
    return openIntegers(in.part(), size, arena);
}

const char* intCodecName(IntCodec codec) noexcept {
    switch (codec) {
        case IntCodec::Constant:
            return "constant";
        case IntCodec::FrameOfReference:
            return "frame of reference";
        case IntCodec::Delta:
            return "delta";
        case IntCodec::DeltaOfDelta:
            return "delta of delta";
    }
    return "unknown";
}

}  // namespace footfall::encoding
