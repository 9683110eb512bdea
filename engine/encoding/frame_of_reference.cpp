#include "engine/encoding/frame_of_reference.h"

#include <algorithm>
#include <array>
#include <memory_resource>
#include <vector>

#include "engine/encoding/bit_packing.h"

namespace footfall::encoding {
namespace {

constexpr unsigned kPositionBits = 10;

struct Layout {
    uint64_t base = 0;
    uint8_t width = 0;
    uint8_t patchWidth = 0;
    uint16_t patches = 0;

    size_t packedBytes(uint32_t rows) const {
        return rows == kPackRows ? interleavedBytes(width) : linearBytes(rows, width);
    }
    size_t positionBytes() const { return linearBytes(patches, kPositionBits); }
    size_t patchBytes() const { return linearBytes(patches, patchWidth); }
    size_t bytes(uint32_t rows) const { return packedBytes(rows) + positionBytes() + patchBytes(); }
    // Whether no word exceeds 32 bits, patched ones included.
    bool fitsInto32() const {
        const unsigned bits = width + patchWidth;
        return bits <= 32 && base <= UINT32_MAX - lowMask(bits);
    }
};

Layout layoutWithBase(std::span<const uint64_t> block, uint64_t base) {
    std::array<uint16_t, 65> counts{};
    for (const uint64_t value : block)
        ++counts[bitWidth(value - base)];
    unsigned widest = 64;
    while (widest > 0 && counts[widest] == 0)
        --widest;
    Layout best{base, static_cast<uint8_t>(widest), 0, 0};
    const auto rows = static_cast<uint32_t>(block.size());
    size_t bestBytes = best.bytes(rows);
    uint32_t patches = 0;
    for (unsigned width = widest; width-- > 0;) {
        patches += counts[width + 1];
        if (patches > rows / 3)
            break;
        const Layout layout{base, static_cast<uint8_t>(width), static_cast<uint8_t>(widest - width),
                            static_cast<uint16_t>(patches)};
        const size_t bytes = layout.bytes(rows);
        if (bytes < bestBytes) {
            best = layout;
            bestBytes = bytes;
        }
    }
    return best;
}

// The base is the least value, or, where a sample shows a wide gap between a few low values and the
// rest, the least value of the rest: those below become patches. The rest is what lies no further
// below the gap's upper end than twice the way from there to the median.
Layout chooseLayout(std::span<const uint64_t> block) {
    int64_t least = INT64_MAX;
    for (const uint64_t value : block)
        least = std::min(least, static_cast<int64_t>(value));
    const Layout plain = layoutWithBase(block, static_cast<uint64_t>(least));
    constexpr size_t kSample = 32;
    constexpr size_t kLow = 5;
    if (plain.width < 4 || block.size() < 4 * kSample)
        return plain;
    std::array<int64_t, kSample> sample;
    for (size_t i = 0; i < kSample; ++i) {
        sample[i] = static_cast<int64_t>(block[i * block.size() / kSample]);
    }
    std::sort(sample.begin(), sample.end());
    uint64_t widest = 0;
    int64_t below = least;
    int64_t rest = 0;
    for (size_t i = 0; i < kLow; below = sample[i++]) {
        const uint64_t gap = static_cast<uint64_t>(sample[i]) - static_cast<uint64_t>(below);
        if (gap <= widest)
            continue;
        widest = gap;
        rest = sample[i];
    }
    if (bitWidth(widest) + 2 < plain.width)
        return plain;
    const uint64_t reach =
        2 * (static_cast<uint64_t>(sample[kSample / 2]) - static_cast<uint64_t>(rest)) + 1;
    const uint64_t room = static_cast<uint64_t>(rest) - static_cast<uint64_t>(least);
    const auto limit = static_cast<int64_t>(static_cast<uint64_t>(rest) - std::min(reach, room));
    int64_t base = rest;
    for (const uint64_t value : block) {
        const auto candidate = static_cast<int64_t>(value);
        base = candidate >= limit ? std::min(base, candidate) : base;
    }
    const Layout cut = layoutWithBase(block, static_cast<uint64_t>(base));
    const auto rows = static_cast<uint32_t>(block.size());
    return cut.bytes(rows) < plain.bytes(rows) ? cut : plain;
}

struct Block {
    Layout layout;
    size_t offset;
};

class FrameOfReferenceDecoder final : public IntDecoder {
  public:
    FrameOfReferenceDecoder(base::ByteReader in, uint32_t size, Arena& arena)
        : IntDecoder(size), blocks_(arena.resource()) {
        const uint32_t blocks = (size + kPackRows - 1) / kPackRows;
        blocks_.reserve(blocks);
        size_t offset = 0;
        uint64_t base = 0;
        for (uint32_t b = 0; b < blocks; ++b) {
            const uint32_t rows = std::min(kPackRows, size - b * kPackRows);
            Layout layout;
            layout.width = in.u8();
            layout.patches =
                static_cast<uint16_t>(in.varintUpTo(rows, "the number of patches in a block"));
            if (layout.patches != 0)
                layout.patchWidth = in.u8();
            if (layout.width + layout.patchWidth > 64) {
                base::throwCorrupt("packed words of %d bits", layout.width + layout.patchWidth);
            }
            base += static_cast<uint64_t>(in.zigzag());
            layout.base = base;
            blocks_.push_back({layout, offset});
            offset += layout.bytes(rows);
        }
        data_ = in.storedBytes(offset);
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

    uint64_t decode32(uint32_t first, uint32_t count, uint32_t* out) override {
        uint64_t greatest = 0;
        while (count > 0) {
            const uint32_t begin = first % kPackRows;
            const uint32_t part = std::min(count, kPackRows - begin);
            const Block& block = blocks_[first / kPackRows];
            const bool whole = first - begin + kPackRows <= size();
            if (whole && block.layout.fitsInto32()) {
                greatest = std::max(greatest, decodeAnywhere32(block, begin, part, out));
            } else {
                greatest = std::max(greatest, IntDecoder::decode32(first, part, out));
            }
            first += part;
            count -= part;
            out += part;
        }
        return greatest;
    }

    void gather(uint32_t first, std::span<const uint16_t> positions, uint64_t* out) override {
        while (!positions.empty()) {
            const uint32_t block = (first + positions.front()) / kPackRows;
            size_t part = positions.size();
            if ((first + positions.back()) / kPackRows != block) {
                part = 1;
                while ((first + positions[part]) / kPackRows == block)
                    ++part;
            }
            gatherInBlock(block, first - block * kPackRows, positions.first(part), out);
            positions = positions.subspan(part);
            out += part;
        }
    }

  private:
    // Positions are relative to row `offset` of the block, modulo 2^32.
    void gatherInBlock(uint32_t index, uint32_t offset, std::span<const uint16_t> positions,
                       uint64_t* out) const {
        const auto& [layout, begin] = blocks_[index];
        const uint32_t rows = std::min(kPackRows, size() - index * kPackRows);
        const std::byte* at = data_.at(begin, layout.bytes(rows));
        const size_t packed = layout.packedBytes(rows);
        if (rows == kPackRows) {
            for (size_t i = 0; i < positions.size(); ++i)
                out[i] =
                    unpackInterleavedOne(at, layout.width, offset + positions[i]) + layout.base;
        } else {
            for (size_t i = 0; i < positions.size(); ++i)
                unpackLinear({at, packed}, layout.width, offset + positions[i], 1, layout.base,
                             out + i);
        }
        if (layout.patches == 0 || layout.width >= 64)
            return;
        uint16_t patched[kPackRows];
        readPatchPositions(layout, at + packed, patched);
        // Each row's patch, counted from 1, and then the rows that have one.
        uint16_t patchOf[kPackRows] = {};
        for (uint32_t i = 0; i < layout.patches; ++i)
            patchOf[patched[i]] = static_cast<uint16_t>(i + 1);
        uint16_t found[kPackRows];
        uint32_t count = 0;
        for (size_t i = 0; i < positions.size(); ++i) {
            found[count] = static_cast<uint16_t>(i);
            count += static_cast<uint32_t>(patchOf[offset + positions[i]] != 0);
        }
        const std::span highs(at + packed + layout.positionBytes(), layout.patchBytes());
        for (uint32_t i = 0; i < count; ++i) {
            uint64_t high;
            unpackLinear(highs, layout.patchWidth, patchOf[offset + positions[found[i]]] - 1U, 1, 0,
                         &high);
            out[found[i]] += high << layout.width;
        }
    }

    // Any rows of a full block.
    uint64_t decodeAnywhere32(const Block& block, uint32_t begin, uint32_t count,
                              uint32_t* out) const {
        if (begin % kPackLanes == 0 && count % kPackLanes == 0)
            return decodeInBlock32(block, begin, count, out);
        const uint32_t from = begin / kPackLanes * kPackLanes;
        const uint32_t to = (begin + count + kPackLanes - 1) / kPackLanes * kPackLanes;
        uint32_t words[kPackRows];
        decodeInBlock32(block, from, to - from, words);
        uint32_t greatest = 0;
        for (uint32_t i = 0; i < count; ++i) {
            out[i] = words[begin - from + i];
            greatest = std::max(greatest, out[i]);
        }
        return greatest;
    }

    // Of a full block; both multiples of 16.
    uint64_t decodeInBlock32(const Block& block, uint32_t begin, uint32_t count,
                             uint32_t* out) const {
        const auto& [layout, offset] = block;
        const std::byte* at = data_.at(offset, layout.bytes(kPackRows));
        uint32_t greatest = unpackInterleaved32(at, layout.width, begin, count,
                                                static_cast<uint32_t>(layout.base), out);
        if (layout.patches == 0)
            return greatest;
        at += layout.packedBytes(kPackRows);
        uint16_t positions[kPackRows];
        uint64_t highs[kPackRows];
        readPatchPositions(layout, at, positions);
        unpackLinear({at + layout.positionBytes(), layout.patchBytes()}, layout.patchWidth, 0,
                     layout.patches, 0, highs);
        for (uint32_t i = 0; i < layout.patches; ++i) {
            const uint32_t row = positions[i] - begin;
            if (row >= count)
                continue;
            out[row] += static_cast<uint32_t>(highs[i] << layout.width);
            greatest = std::max(greatest, out[row]);
        }
        return greatest;
    }

    // Ascending; `positions` has room for a whole block.
    static void readPatchPositions(const Layout& layout, const std::byte* at, uint16_t* positions) {
        static_assert(kPositionBits == 10);
        unpackTenBits({at, layout.positionBytes()}, layout.patches, positions);
        // Ten bits: the difference of neighbours in order has no upper bit.
        uint16_t signs = 0;
        for (uint32_t i = 1; i < layout.patches; ++i)
            signs |= static_cast<uint16_t>(positions[i] - positions[i - 1] - 1);
        if (signs > 0x3ff)
            base::throwCorrupt("patches of a block are not in order");
    }

    void decodeInBlock(uint32_t index, uint32_t begin, uint32_t count, uint64_t* out) const {
        const auto& [layout, offset] = blocks_[index];
        const uint32_t rows = std::min(kPackRows, size() - index * kPackRows);
        const std::byte* at = data_.at(offset, layout.bytes(rows));
        const size_t packed = layout.packedBytes(rows);
        if (rows < kPackRows) {
            unpackLinear({at, packed}, layout.width, begin, count, layout.base, out);
        } else if (begin % kPackLanes == 0 && count % kPackLanes == 0) {
            unpackInterleaved(at, layout.width, begin, count, layout.base, out);
        } else {
            const uint32_t from = begin / kPackLanes * kPackLanes;
            const uint32_t to = (begin + count + kPackLanes - 1) / kPackLanes * kPackLanes;
            uint64_t words[kPackRows];
            unpackInterleaved(at, layout.width, from, to - from, layout.base, words);
            std::copy_n(words + (begin - from), count, out);
        }
        if (layout.patches != 0)
            patch(layout, at + packed, begin, count, out);
    }

    static void patch(const Layout& layout, const std::byte* at, uint32_t begin, uint32_t count,
                      uint64_t* out) {
        constexpr uint32_t kFewRows = 64;
        constexpr uint32_t kManyPatches = 32;
        if (count <= kFewRows && layout.patches > kManyPatches)
            return patchFew(layout, at, begin, count, out);
        uint16_t positions[kPackRows];
        uint64_t highs[kPackRows];
        readPatchPositions(layout, at, positions);
        unpackLinear({at + layout.positionBytes(), layout.patchBytes()}, layout.patchWidth, 0,
                     layout.patches, 0, highs);
        for (uint32_t i = 0; i < layout.patches; ++i) {
            const uint32_t row = positions[i] - begin;
            if (row < count)
                out[row] += layout.width >= 64 ? 0 : highs[i] << layout.width;
        }
    }

    // The same for few rows: their patches are looked up, positions being in order.
    static void patchFew(const Layout& layout, const std::byte* at, uint32_t begin, uint32_t count,
                         uint64_t* out) {
        const std::span positions(at, layout.positionBytes());
        const std::span highs(at + layout.positionBytes(), layout.patchBytes());
        const auto positionOf = [&](uint32_t i) {
            uint64_t position;
            unpackLinear(positions, kPositionBits, i, 1, 0, &position);
            return position;
        };
        uint32_t low = 0;
        uint32_t high = layout.patches;
        while (low < high) {
            const uint32_t middle = low + (high - low) / 2;
            if (positionOf(middle) < begin) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for (; low < layout.patches; ++low) {
            const uint64_t row = positionOf(low) - begin;
            if (row >= count)
                return;
            uint64_t value;
            unpackLinear(highs, layout.patchWidth, low, 1, 0, &value);
            out[row] += layout.width >= 64 ? 0 : value << layout.width;
        }
    }

    std::pmr::vector<Block> blocks_;
    base::StoredBytes data_;
};

}  // namespace

size_t frameOfReferenceBlockBytes(std::span<const uint64_t> block) {
    return chooseLayout(block).bytes(static_cast<uint32_t>(block.size())) + 6;
}

size_t frameOfReferenceBytes(std::span<const uint64_t> values) {
    size_t total = 0;
    for (size_t first = 0; first < values.size(); first += kPackRows) {
        total += frameOfReferenceBlockBytes(
            values.subspan(first, std::min<size_t>(kPackRows, values.size() - first)));
    }
    return total;
}

void encodeFrameOfReference(std::span<const uint64_t> values, base::ByteWriter& out) {
    std::vector<Layout> layouts;
    layouts.reserve(values.size() / kPackRows + 1);
    uint64_t base = 0;
    for (size_t first = 0; first < values.size(); first += kPackRows) {
        const auto block =
            values.subspan(first, std::min<size_t>(kPackRows, values.size() - first));
        const Layout layout = chooseLayout(block);
        out.u8(layout.width);
        out.varint(layout.patches);
        if (layout.patches != 0)
            out.u8(layout.patchWidth);
        out.zigzag(static_cast<int64_t>(layout.base - base));
        base = layout.base;
        layouts.push_back(layout);
    }
    std::array<uint64_t, kPackRows> words;
    std::array<uint64_t, kPackRows> positions;
    std::array<uint64_t, kPackRows> highs;
    for (size_t b = 0; b < layouts.size(); ++b) {
        const Layout& layout = layouts[b];
        const size_t first = b * kPackRows;
        const auto rows = static_cast<uint32_t>(std::min<size_t>(kPackRows, values.size() - first));
        for (uint32_t i = 0; i < rows; ++i)
            words[i] = values[first + i] - layout.base;
        std::byte* at = out.extend(layout.bytes(rows));
        if (rows == kPackRows) {
            packInterleaved(words.data(), layout.width, at);
        } else {
            packLinear(words.data(), rows, layout.width, at);
        }
        if (layout.patches == 0)
            continue;
        const uint64_t mask = lowMask(layout.width);
        uint32_t patches = 0;
        for (uint32_t i = 0; i < rows; ++i) {
            if (words[i] <= mask)
                continue;
            positions[patches] = i;
            highs[patches++] = words[i] >> layout.width;
        }
        at += layout.packedBytes(rows);
        packLinear(positions.data(), patches, kPositionBits, at);
        packLinear(highs.data(), patches, layout.patchWidth, at + layout.positionBytes());
    }
}

IntDecoder* openFrameOfReference(base::ByteReader in, uint32_t size, Arena& arena) {
    return arena.make<FrameOfReferenceDecoder>(in, size, arena);
}

}  // namespace footfall::encoding
