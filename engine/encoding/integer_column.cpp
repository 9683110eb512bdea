// A column of integers as one integer stream.
#include <algorithm>

#include "engine/encoding/column_codecs.h"

namespace footfall::encoding {
namespace {

class IntegerColumnDecoder final : public ColumnDecoder {
  public:
    IntegerColumnDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows, Arena& arena)
        : ColumnDecoder(type, rows), stream_(openIntegers(in, rows, arena)) {}

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        if (type().kind == vector::Kind::Int64) {
            auto* to = reinterpret_cast<uint64_t*>(out.extendFixed(count));
            return stream_->decode(first, count, to);
        }
        uint64_t words[kBatchRows];
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows);
            stream_->decode(first, part, words);
            appendNarrowed(words, part, out);
            first += part;
            count -= part;
        }
    }

    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                  vector::Block& out) override {
        uint64_t words[kBatchRows];
        stream_->gather(first, positions, words);
        scatterIntegers(words, count, positions, type(), out);
    }

  private:
    IntDecoder* stream_;
};

}  // namespace

void encodeIntegerColumn(const vector::Column& column, Effort effort, base::ByteWriter& out) {
    std::vector<uint64_t> words(column.size());
    widenIntegers(column, words);
    out.u8(static_cast<uint8_t>(ColumnCodec::Integers));
    encodeIntegers(words, effort, out);
}

ColumnDecoder* openIntegerColumn(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                 OpenContext& context) {
    return context.arena.make<IntegerColumnDecoder>(in, type, rows, context.arena);
}

}  // namespace footfall::encoding
