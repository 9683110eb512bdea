// The lengths of byte values, and where each block's payload begins.
#pragma once

#include <memory_resource>
#include <vector>

#include "engine/encoding/column_codec.h"

namespace footfall::encoding {

// No value, and no column of a segment, is longer than this.
inline constexpr uint64_t kMaxPayloadBytes = uint64_t{2} << 30;

void encodeLengths(const vector::Column& column, Effort effort, base::ByteWriter& out);

class ValueLengths {
  public:
    ValueLengths(base::ByteReader& in, uint32_t rows, Arena& arena);

    uint32_t blocks() const noexcept { return static_cast<uint32_t>(starts_.size()) - 1; }
    // Where block `block` (1,024 rows) begins in the payload; blocks() gives the payload's size.
    uint64_t blockStart(uint32_t block) const noexcept { return starts_[block]; }
    // Where row `first` begins, and the lengths of `count` rows from there, all in one block.
    uint64_t decode(uint32_t first, uint32_t count, uint64_t* lengths);

  private:
    IntDecoder* stream_;
    std::pmr::vector<uint64_t> starts_;
};

}  // namespace footfall::encoding
