// Values of a fixed width (uuid, interval, macaddr ...) as one integer stream per eight bytes.
//
// Stored: byte order of the words (0 little-endian, 1 big-endian), then a stream a word as parts.
// Big-endian suits values that sort by memcmp, as uuids do: those of version 7 then ascend.
#include <algorithm>

#include "engine/encoding/column_codecs.h"

namespace footfall::encoding {
namespace {

uint64_t loadWord(const std::byte* at, size_t bytes, bool bigEndian) {
    uint64_t word = 0;
    std::memcpy(&word, at, bytes);
    return bigEndian ? __builtin_bswap64(word) : word;
}

class FixedWordsDecoder final : public ColumnDecoder {
  public:
    FixedWordsDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows, Arena& arena)
        : ColumnDecoder(type, rows), streams_(arena.resource()) {
        const uint8_t order = in.u8();
        if (order > 1)
            base::throwCorrupt("byte order %d is not known", order);
        bigEndian_ = order == 1;
        const size_t words = (size_t{type.width} + 7) / 8;
        streams_.reserve(words);
        for (size_t i = 0; i < words; ++i)
            streams_.push_back(openIntegerPart(in, rows, arena));
        in.expectEnd();
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        const size_t width = type().width;
        std::byte* to = out.extendFixed(count);
        uint64_t words[kBatchRows];
        for (uint32_t done = 0; done < count; done += kBatchRows) {
            const uint32_t part = std::min(kBatchRows, count - done);
            for (size_t w = 0; w < streams_.size(); ++w) {
                streams_[w]->decode(first + done, part, words);
                const size_t bytes = std::min<size_t>(8, width - w * 8);
                std::byte* at = to + size_t{done} * width + w * 8;
                for (uint32_t i = 0; i < part; ++i, at += width) {
                    const uint64_t word = bigEndian_ ? __builtin_bswap64(words[i]) : words[i];
                    std::memcpy(at, &word, bytes);
                }
            }
        }
    }

  private:
    std::pmr::vector<IntDecoder*> streams_;
    bool bigEndian_ = false;
};

}  // namespace

void encodeFixedWords(const vector::Column& column, Effort effort, base::ByteWriter& out) {
    const vector::ColumnType type = column.type();
    const bool bigEndian = type.content == vector::Content::Uuid;
    out.u8(static_cast<uint8_t>(ColumnCodec::FixedWords));
    out.u8(bigEndian ? 1 : 0);
    std::vector<uint64_t> words(column.size());
    for (size_t offset = 0; offset < type.width; offset += 8) {
        const size_t bytes = std::min<size_t>(8, type.width - offset);
        for (uint32_t row = 0; row < column.size(); ++row) {
            words[row] = loadWord(column.fixedAt(row) + offset, bytes, bigEndian);
        }
        encodeIntegerPart(words, effort, out);
    }
}

ColumnDecoder* openFixedWords(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context) {
    return context.arena.make<FixedWordsDecoder>(in, type, rows, context.arena);
}

}  // namespace footfall::encoding
