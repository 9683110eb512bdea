// Floats of no decimal pattern: the high bits, which repeat, apart from the low ones, which do not.
//
// After ALP's fallback for real doubles (ALP-rd). Stored: the number of low bits, then the high and
// the low bits as integer streams.
#include <algorithm>
#include <bit>

#include "engine/encoding/bit_packing.h"
#include "engine/encoding/column_codecs.h"
#include "engine/encoding/frame_of_reference.h"

namespace footfall::encoding {
namespace {

class SplitFloatDecoder final : public ColumnDecoder {
  public:
    SplitFloatDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows, Arena& arena)
        : ColumnDecoder(type, rows) {
        lowBits_ = in.u8();
        if (lowBits_ >= type.width * 8U)
            base::throwCorrupt("floats split at bit %u", lowBits_);
        high_ = openIntegerPart(in, rows, arena);
        low_ = openIntegerPart(in, rows, arena);
        in.expectEnd();
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        uint64_t high[kBatchRows];
        uint64_t low[kBatchRows];
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows);
            high_->decode(first, part, high);
            low_->decode(first, part, low);
            std::byte* to = out.extendFixed(part);
            if (type().width == 4) {
                auto* words = reinterpret_cast<uint32_t*>(to);
                for (uint32_t i = 0; i < part; ++i) {
                    words[i] = static_cast<uint32_t>(high[i] << lowBits_ | low[i]);
                }
            } else {
                auto* words = reinterpret_cast<uint64_t*>(to);
                for (uint32_t i = 0; i < part; ++i)
                    words[i] = high[i] << lowBits_ | low[i];
            }
            first += part;
            count -= part;
        }
    }

  private:
    unsigned lowBits_;
    IntDecoder* high_;
    IntDecoder* low_;
};

}  // namespace

void encodeSplitFloat(const vector::Column& column, Effort effort, base::ByteWriter& out) {
    const uint32_t rows = column.size();
    const unsigned width = column.type().width * 8U;
    std::vector<uint64_t> bits(rows);
    for (uint32_t row = 0; row < rows; ++row) {
        bits[row] = width == 32 ? column.values<uint32_t>()[row] : column.values<uint64_t>()[row];
    }
    // The split is tried on the first rows: sixteen high bits down to the whole mantissa.
    const uint32_t sample = std::min<uint32_t>(rows, 4096);
    unsigned best = 0;
    size_t bestBytes = SIZE_MAX;
    std::vector<uint64_t> part(sample);
    for (unsigned high = 0; high <= 16; high += 4) {
        const unsigned low = high == 0 ? 0 : width - high;
        for (uint32_t i = 0; i < sample; ++i)
            part[i] = bits[i] >> low;
        size_t bytes = frameOfReferenceBytes(part);
        for (uint32_t i = 0; i < sample; ++i)
            part[i] = bits[i] & lowMask(low);
        bytes += frameOfReferenceBytes(part);
        if (bytes < bestBytes) {
            bestBytes = bytes;
            best = low;
        }
    }
    out.u8(static_cast<uint8_t>(ColumnCodec::SplitFloat));
    out.u8(static_cast<uint8_t>(best));
    std::vector<uint64_t> words(rows);
    for (uint32_t i = 0; i < rows; ++i)
        words[i] = bits[i] >> best;
    encodeIntegerPart(words, effort, out);
    for (uint32_t i = 0; i < rows; ++i)
        words[i] = bits[i] & lowMask(best);
    encodeIntegerPart(words, effort, out);
}

ColumnDecoder* openSplitFloat(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context) {
    return context.arena.make<SplitFloatDecoder>(in, type, rows, context.arena);
}

}  // namespace footfall::encoding
