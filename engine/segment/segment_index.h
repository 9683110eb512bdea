// The index of a segment: block maps and bloom filters.
//
// A block map has the least and greatest order key (engine/segment/bound.h) of each 1,024 rows of
// a column. A bloom filter is a split-block filter (Putze, Sanders, Singler 2007; the layout of
// eight 32-bit words is Parquet's) over the hashes of a column's values; NULL is in none.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/encoding/arena.h"
#include "engine/segment/segment_meta.h"

namespace footfall::segment {

using BlockSet = std::bitset<kMaxBlocks>;

// Appends the index; nothing when there is neither map nor filter worth storing.
void encodeIndex(std::span<const vector::Column> columns, std::span<const uint32_t> sortKeys,
                 std::span<const uint32_t> bloomColumns, base::ByteWriter& out);

class SegmentIndex {
  public:
    SegmentIndex(base::ByteReader stored, const SegmentMeta& meta, encoding::Arena& arena);

    bool hasBlockMap(uint32_t column) const noexcept { return findMap(column) != nullptr; }
    bool hasBloom(uint32_t column) const noexcept { return findBloom(column) != nullptr; }
    // Clears blocks without a value in [low, high]; null pointers are open ends.
    void prune(uint32_t column, const Scalar* low, const Scalar* high, BlockSet& blocks) const;
    // False: the segment does not hold the value. True without a filter.
    bool mayContain(uint32_t column, const Scalar& value) const;
    // Whether the map admits `key` in `block`; true without a map.
    bool admits(uint32_t column, uint32_t block, uint64_t key) const;

  private:
    struct Map {
        uint32_t column;
        const uint64_t* least;
        const uint64_t* greatest;
    };
    struct Bloom {
        uint32_t column;
        base::StoredBytes words;
    };
    const Map* findMap(uint32_t column) const noexcept;
    const Bloom* findBloom(uint32_t column) const noexcept;

    uint32_t blocks_;
    std::pmr::vector<Map> maps_;
    std::pmr::vector<Bloom> blooms_;
};

}  // namespace footfall::segment
