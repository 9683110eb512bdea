#include "engine/encoding/value_lengths.h"

#include <algorithm>
#include <numeric>

namespace footfall::encoding {

void encodeLengths(const vector::Column& column, Effort effort, base::ByteWriter& out) {
    std::vector<uint64_t> lengths(column.size());
    for (uint32_t row = 0; row < column.size(); ++row)
        lengths[row] = column.bytesAt(row).size();
    encodeIntegerPart(lengths, effort, out);
}

ValueLengths::ValueLengths(base::ByteReader& in, uint32_t rows, Arena& arena)
    : stream_(openIntegerPart(in, rows, arena)), starts_(arena.resource()) {
    starts_.reserve(rows / kBatchRows + 2);
    starts_.push_back(0);
    uint64_t lengths[kBatchRows];
    for (uint32_t row = 0; row < rows; row += kBatchRows) {
        const uint32_t part = std::min(kBatchRows, rows - row);
        stream_->decode(row, part, lengths);
        uint64_t end = starts_.back();
        for (uint32_t i = 0; i < part; ++i) {
            if (lengths[i] > kMaxPayloadBytes - end) {
                base::throwCorrupt("values of more than %llu bytes",
                                   static_cast<unsigned long long>(kMaxPayloadBytes));
            }
            end += lengths[i];
        }
        starts_.push_back(end);
    }
}

uint64_t ValueLengths::decode(uint32_t first, uint32_t count, uint64_t* lengths) {
    const uint32_t block = first / kBatchRows;
    const uint32_t before = first % kBatchRows;
    uint64_t at = starts_[block];
    if (before != 0) {
        uint64_t skipped[kBatchRows];
        stream_->decode(block * kBatchRows, before, skipped);
        at = std::accumulate(skipped, skipped + before, at);
    }
    stream_->decode(first, count, lengths);
    return at;
}

}  // namespace footfall::encoding
