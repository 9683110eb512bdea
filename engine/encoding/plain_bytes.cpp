// Byte values as they are. Stored: the lengths as an integer stream, then the payload.
#include <algorithm>
#include <numeric>

#include "engine/encoding/column_codecs.h"
#include "engine/encoding/value_lengths.h"

namespace footfall::encoding {
namespace {

class PlainBytesDecoder final : public ColumnDecoder {
  public:
    PlainBytesDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows, Arena& arena)
        : ColumnDecoder(type, rows), lengths_(in, rows, arena), payload_(in.storedRest()) {
        if (payload_.size() != lengths_.blockStart(lengths_.blocks())) {
            base::throwCorrupt(
                "values have %zu bytes, their lengths add up to %llu", payload_.size(),
                static_cast<unsigned long long>(lengths_.blockStart(lengths_.blocks())));
        }
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        uint64_t lengths[kBatchRows];
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows - first % kBatchRows);
            const uint64_t begin = lengths_.decode(first, part, lengths);
            const uint64_t size = std::accumulate(lengths, lengths + part, uint64_t{0});
            out.appendValues(payload_.at(begin, size), {lengths, part});
            first += part;
            count -= part;
        }
    }

  private:
    ValueLengths lengths_;
    base::StoredBytes payload_;
};

}  // namespace

void encodePlainBytes(const vector::Column& column, Effort effort, base::ByteWriter& out) {
    out.u8(static_cast<uint8_t>(ColumnCodec::PlainBytes));
    encodeLengths(column, effort, out);
    out.append(std::span(column.heap(), column.byteSize()));
}

ColumnDecoder* openPlainBytes(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context) {
    return context.arena.make<PlainBytesDecoder>(in, type, rows, context.arena);
}

}  // namespace footfall::encoding
