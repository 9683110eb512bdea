#include "engine/encoding/delta.h"

#include <algorithm>
#include <vector>

#include "engine/encoding/bit_packing.h"
#include "engine/encoding/frame_of_reference.h"

namespace footfall::encoding {
namespace {

uint32_t blockCount(size_t size) {
    return static_cast<uint32_t>((size + kPackRows - 1) / kPackRows);
}

// Anchors hold `order` words a block: the first value, then (order 2) the first difference.
class DeltaDecoder final : public IntDecoder {
  public:
    DeltaDecoder(base::ByteReader in, uint32_t size, uint32_t order, Arena& arena)
        : IntDecoder(size), order_(order), anchors_(arena.resource()) {
        const uint32_t anchors = blockCount(size) * order;
        IntDecoder* stored = openIntegerPart(in, anchors, arena);
        anchors_.resize(anchors);
        stored->decode(0, anchors, anchors_.data());
        deltas_ = openFrameOfReference(in.part(), size, arena);
        in.expectEnd();
    }

    void decode(uint32_t first, uint32_t count, uint64_t* out) override {
        while (count > 0) {
            const uint32_t begin = first % kPackRows;
            const uint32_t part = std::min(count, kPackRows - begin);
            decodeInBlock(first / kPackRows, begin, part, out);
            first += part;
            count -= part;
            out += part;
        }
    }

  private:
    void decodeInBlock(uint32_t block, uint32_t begin, uint32_t count, uint64_t* out) {
        uint64_t words[kPackRows];
        uint64_t* to = begin == 0 ? out : words;
        deltas_->decode(block * kPackRows, begin + count, to);
        uint64_t value = anchors_[size_t{block} * order_];
        to[0] = value;
        if (order_ == 1) {
            for (uint32_t i = 1; i < begin + count; ++i)
                to[i] = value += to[i];
        } else {
            uint64_t delta = anchors_[size_t{block} * order_ + 1];
            if (begin + count > 1)
                to[1] = value += delta;
            for (uint32_t i = 2; i < begin + count; ++i)
                to[i] = value += delta += to[i];
        }
        if (begin != 0)
            std::copy_n(words + begin, count, out);
    }

    uint32_t order_;
    std::pmr::vector<uint64_t> anchors_;
    IntDecoder* deltas_;
};

}  // namespace

void computeDeltas(std::span<const uint64_t> values, std::span<uint64_t> deltas) {
    for (size_t first = 0; first < values.size(); first += kPackRows) {
        const size_t end = std::min<size_t>(first + kPackRows, values.size());
        for (size_t i = first + 1; i < end; ++i)
            deltas[i] = values[i] - values[i - 1];
        deltas[first] = first + 1 < end ? deltas[first + 1] : 0;
    }
}

void computeDeltasOfDeltas(std::span<const uint64_t> values, std::span<uint64_t> deltas) {
    for (size_t first = 0; first < values.size(); first += kPackRows) {
        const size_t end = std::min<size_t>(first + kPackRows, values.size());
        for (size_t i = first + 2; i < end; ++i) {
            deltas[i] = values[i] - 2 * values[i - 1] + values[i - 2];
        }
        const uint64_t repeated = first + 2 < end ? deltas[first + 2] : 0;
        deltas[first] = repeated;
        if (first + 1 < end)
            deltas[first + 1] = repeated;
    }
}

void encodeDelta(std::span<const uint64_t> values, base::ByteWriter& out) {
    std::vector<uint64_t> anchors;
    for (size_t first = 0; first < values.size(); first += kPackRows) {
        anchors.push_back(values[first]);
    }
    encodeIntegerPart(anchors, Effort::Fast, out);
    std::vector<uint64_t> deltas(values.size());
    computeDeltas(values, deltas);
    const size_t part = out.beginPart();
    encodeFrameOfReference(deltas, out);
    out.endPart(part);
}

void encodeDeltaOfDelta(std::span<const uint64_t> values, base::ByteWriter& out) {
    std::vector<uint64_t> anchors;
    for (size_t first = 0; first < values.size(); first += kPackRows) {
        anchors.push_back(values[first]);
        anchors.push_back(first + 1 < values.size() ? values[first + 1] - values[first] : 0);
    }
    encodeIntegerPart(anchors, Effort::Fast, out);
    std::vector<uint64_t> deltas(values.size());
    computeDeltasOfDeltas(values, deltas);
    const size_t part = out.beginPart();
    encodeFrameOfReference(deltas, out);
    out.endPart(part);
}

IntDecoder* openDelta(base::ByteReader in, uint32_t size, Arena& arena) {
    return arena.make<DeltaDecoder>(in, size, 1, arena);
}

IntDecoder* openDeltaOfDelta(base::ByteReader in, uint32_t size, Arena& arena) {
    return arena.make<DeltaDecoder>(in, size, 2, arena);
}

}  // namespace footfall::encoding
