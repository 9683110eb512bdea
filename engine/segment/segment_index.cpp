#include "engine/segment/segment_index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "engine/encoding/column_codec.h"
#include "engine/encoding/int_stream.h"

namespace footfall::segment {
namespace {

constexpr uint8_t kIndexVersion = 1;
constexpr size_t kBloomBlockBytes = 32;
constexpr double kBloomBitsPerValue = 10;
// Odd constants that spread a hash over the eight words of a block; Parquet's.
constexpr std::array<uint32_t, 8> kSalts = {0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU,
                                            0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U};

size_t bloomBlock(uint64_t hash, size_t blocks) {
    return static_cast<size_t>((hash >> 32) * blocks >> 32);
}

uint32_t bloomBit(uint64_t hash, size_t word) {
    return uint32_t{1} << (static_cast<uint32_t>(hash) * kSalts[word] >> 27);
}

struct BlockKeys {
    std::vector<uint64_t> least;
    std::vector<uint64_t> greatest;
};

BlockKeys blockKeys(const vector::Column& column) {
    BlockKeys keys;
    const uint32_t rows = column.size();
    if (column.type().isInteger() && column.nullCount() == 0) {
        // The order key of an integer flips its sign bit.
        std::vector<uint64_t> words(rows);
        encoding::widenIntegers(column, words);
        for (uint64_t& word : words)
            word ^= uint64_t{1} << 63;
        for (uint32_t first = 0; first < rows; first += kBlockRows) {
            const auto block = std::span(words).subspan(first, std::min(kBlockRows, rows - first));
            uint64_t least = UINT64_MAX;
            uint64_t greatest = 0;
            for (const uint64_t key : block) {
                least = std::min(least, key);
                greatest = std::max(greatest, key);
            }
            keys.least.push_back(least);
            keys.greatest.push_back(greatest);
        }
        return keys;
    }
    for (uint32_t first = 0; first < rows; first += kBlockRows) {
        uint64_t least = UINT64_MAX;
        uint64_t greatest = 0;
        for (uint32_t row = first; row < std::min(rows, first + kBlockRows); ++row) {
            if (column.isNull(row))
                continue;
            const uint64_t key = orderKey(Scalar::at(column, row));
            least = std::min(least, key);
            greatest = std::max(greatest, key);
        }
        keys.least.push_back(least);
        keys.greatest.push_back(greatest);
    }
    return keys;
}

// A map pays when the blocks' ranges are together well below the segment's.
bool pays(const BlockKeys& keys) {
    if (keys.least.size() < 4)
        return false;
    const uint64_t least = *std::min_element(keys.least.begin(), keys.least.end());
    const uint64_t greatest = *std::max_element(keys.greatest.begin(), keys.greatest.end());
    if (least >= greatest)
        return false;
    double sum = 0;
    for (size_t b = 0; b < keys.least.size(); ++b) {
        if (keys.least[b] <= keys.greatest[b]) {
            sum += static_cast<double>(keys.greatest[b] - keys.least[b]);
        }
    }
    return sum / static_cast<double>(keys.least.size()) < static_cast<double>(greatest - least) / 2;
}

// How many different hashes, by linear counting (Whang et al. 1990) in 2^20 bits.
double estimateDistinct(std::span<const uint64_t> hashes) {
    constexpr size_t kBits = size_t{1} << 20;
    std::vector<uint64_t> bitmap(kBits / 64);
    for (const uint64_t hash : hashes) {
        const size_t bit = hash >> 44;
        bitmap[bit / 64] |= uint64_t{1} << (bit % 64);
    }
    size_t set = 0;
    for (const uint64_t word : bitmap)
        set += static_cast<size_t>(std::popcount(word));
    const double empty = static_cast<double>(kBits - set) / kBits;
    return -std::log(empty) * kBits;
}

void encodeBloom(const vector::Column& column, base::ByteWriter& out) {
    std::vector<uint64_t> hashes;
    hashes.reserve(column.size());
    for (uint32_t row = 0; row < column.size(); ++row) {
        if (!column.isNull(row))
            hashes.push_back(hashOf(Scalar::at(column, row)));
    }
    const double bits = estimateDistinct(hashes) * kBloomBitsPerValue;
    const auto blocks = static_cast<size_t>(bits / (kBloomBlockBytes * 8)) + 1;
    std::vector<std::array<uint32_t, 8>> words(blocks);
    for (const uint64_t hash : hashes) {
        auto& block = words[bloomBlock(hash, blocks)];
        for (size_t word = 0; word < 8; ++word)
            block[word] |= bloomBit(hash, word);
    }
    out.varint(blocks);
    std::memcpy(out.extend(blocks * kBloomBlockBytes), words.data(), blocks * kBloomBlockBytes);
}

}  // namespace

void encodeIndex(std::span<const vector::Column> columns, std::span<const uint32_t> sortKeys,
                 std::span<const uint32_t> bloomColumns, base::ByteWriter& out) {
    base::ByteWriter maps;
    uint32_t mapCount = 0;
    for (uint32_t c = 0; c < columns.size(); ++c) {
        const vector::ColumnType type = columns[c].type();
        const bool key = std::find(sortKeys.begin(), sortKeys.end(), c) != sortKeys.end();
        if (!hasNaturalOrder(type) || columns[c].size() <= kBlockRows)
            continue;
        if (!key && boundKind(type) == BoundKind::Bytes)
            continue;
        const BlockKeys keys = blockKeys(columns[c]);
        if (!pays(keys))
            continue;
        maps.varint(c);
        encoding::encodeIntegerPart(keys.least, encoding::Effort::Compact, maps);
        encoding::encodeIntegerPart(keys.greatest, encoding::Effort::Compact, maps);
        ++mapCount;
    }
    base::ByteWriter blooms;
    uint32_t bloomCount = 0;
    for (const uint32_t c : bloomColumns) {
        if (!hasNaturalOrder(columns[c].type()) || columns[c].nullCount() == columns[c].size()) {
            continue;
        }
        blooms.varint(c);
        encodeBloom(columns[c], blooms);
        ++bloomCount;
    }
    if (mapCount == 0 && bloomCount == 0)
        return;
    out.u8(kIndexVersion);
    out.varint(mapCount);
    out.append(maps.bytes());
    out.varint(bloomCount);
    out.append(blooms.bytes());
}

SegmentIndex::SegmentIndex(base::ByteReader in, const SegmentMeta& meta, encoding::Arena& arena)
    : blocks_(meta.blocks()), maps_(arena.resource()), blooms_(arena.resource()) {
    if (in.remaining() == 0)
        return;
    const uint8_t version = in.u8();
    if (version != kIndexVersion)
        base::throwCorrupt("index version %d is not known", version);
    const auto columns = meta.columnCount();
    const auto maps = in.varintUpTo(columns, "block maps");
    for (uint64_t m = 0; m < maps; ++m) {
        const auto column = static_cast<uint32_t>(in.varintUpTo(columns - 1, "a mapped column"));
        auto* keys = static_cast<uint64_t*>(
            arena.resource()->allocate(size_t{2} * blocks_ * sizeof(uint64_t) + 1, 8));
        encoding::openIntegerPart(in, blocks_, arena)->decode(0, blocks_, keys);
        encoding::openIntegerPart(in, blocks_, arena)->decode(0, blocks_, keys + blocks_);
        maps_.push_back({column, keys, keys + blocks_});
    }
    const auto blooms = in.varintUpTo(columns, "bloom filters");
    for (uint64_t b = 0; b < blooms; ++b) {
        const auto column = static_cast<uint32_t>(in.varintUpTo(columns - 1, "a bloom's column"));
        const uint64_t blocks = in.varintUpTo(in.remaining() / kBloomBlockBytes, "bloom blocks");
        if (blocks == 0)
            base::throwCorrupt("a bloom filter without blocks");
        blooms_.push_back({column, in.storedBytes(blocks * kBloomBlockBytes)});
    }
    in.expectEnd();
}

const SegmentIndex::Map* SegmentIndex::findMap(uint32_t column) const noexcept {
    for (const Map& map : maps_) {
        if (map.column == column)
            return &map;
    }
    return nullptr;
}

const SegmentIndex::Bloom* SegmentIndex::findBloom(uint32_t column) const noexcept {
    for (const Bloom& bloom : blooms_) {
        if (bloom.column == column)
            return &bloom;
    }
    return nullptr;
}

void SegmentIndex::prune(uint32_t column, const Scalar* low, const Scalar* high,
                         BlockSet& blocks) const {
    const Map* map = findMap(column);
    if (map == nullptr)
        return;
    const uint64_t lowKey = low == nullptr ? 0 : orderKey(*low);
    const uint64_t highKey = high == nullptr ? UINT64_MAX : orderKey(*high);
    for (uint32_t b = 0; b < blocks_; ++b) {
        // A block of NULLs has least > greatest and matches nothing.
        const bool empty = map->least[b] > map->greatest[b];
        if (empty || map->greatest[b] < lowKey || map->least[b] > highKey)
            blocks.reset(b);
    }
}

bool SegmentIndex::mayContain(uint32_t column, const Scalar& value) const {
    const Bloom* bloom = findBloom(column);
    if (bloom == nullptr)
        return true;
    const uint64_t hash = hashOf(value);
    const size_t block = bloomBlock(hash, bloom->words.size() / kBloomBlockBytes);
    std::array<uint32_t, 8> words;
    std::memcpy(words.data(), bloom->words.at(block * kBloomBlockBytes, kBloomBlockBytes),
                kBloomBlockBytes);
    for (size_t word = 0; word < 8; ++word) {
        if ((words[word] & bloomBit(hash, word)) == 0)
            return false;
    }
    return true;
}

bool SegmentIndex::admits(uint32_t column, uint32_t block, uint64_t key) const {
    const Map* map = findMap(column);
    return map == nullptr || (map->least[block] <= key && key <= map->greatest[block]);
}

}  // namespace footfall::segment
