// Byte values in compressed frames.
//
// Stored: the algorithm (1 LZ4, 2 zstd), the lengths as an integer stream, blocks of 1,024 rows per
// frame, the compressed size of each frame, the frames. A frame is the payload of its blocks. The
// frame read last is kept decompressed.
#include <algorithm>

#include "engine/base/buffer.h"
#include "engine/encoding/byte_compression.h"
#include "engine/encoding/column_codecs.h"
#include "engine/encoding/value_lengths.h"

namespace footfall::encoding {
namespace {

// What a frame aims at: a point look-up decompresses one.
constexpr size_t kFrameBytes = size_t{256} << 10;

class CompressedBytesDecoder final : public ColumnDecoder {
  public:
    CompressedBytesDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                           Arena& arena)
        : ColumnDecoder(type, rows),
          algorithm_(readAlgorithm(in)),
          lengths_(in, rows, arena),
          frames_(arena.resource()),
          frame_(arena.resource()) {
        const uint32_t blocks = lengths_.blocks();
        blocksPerFrame_ =
            static_cast<uint32_t>(in.varintUpTo(std::max<uint32_t>(blocks, 1), "blocks per frame"));
        if (blocksPerFrame_ == 0)
            base::throwCorrupt("frames without blocks");
        const uint32_t frames = (blocks + blocksPerFrame_ - 1) / blocksPerFrame_;
        std::pmr::vector<uint64_t> sizes(arena.resource());
        sizes.reserve(frames);
        for (uint32_t f = 0; f < frames; ++f)
            sizes.push_back(in.varint());
        frames_.reserve(frames);
        for (const uint64_t size : sizes)
            frames_.push_back(in.storedBytes(size));
        in.expectEnd();
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        uint64_t lengths[kBatchRows];
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows - first % kBatchRows);
            const uint64_t at = lengths_.decode(first, part, lengths);
            const std::byte* value = payloadAt(first / kBatchRows, at);
            out.appendValues(value, {lengths, part});
            first += part;
            count -= part;
        }
    }

  private:
    static Compression readAlgorithm(base::ByteReader& in) {
        const uint8_t algorithm = in.u8();
        if (algorithm != static_cast<uint8_t>(Compression::Lz4) &&
            algorithm != static_cast<uint8_t>(Compression::Zstd)) {
            base::throwCorrupt("compression %d is not known", algorithm);
        }
        return static_cast<Compression>(algorithm);
    }

    const std::byte* payloadAt(uint32_t block, uint64_t at) {
        const uint32_t index = block / blocksPerFrame_;
        const uint64_t begin = lengths_.blockStart(index * blocksPerFrame_);
        if (index != current_) {
            const uint64_t end =
                lengths_.blockStart(std::min(lengths_.blocks(), (index + 1) * blocksPerFrame_));
            const auto size = static_cast<size_t>(end - begin);
            current_ = kNoFrame;
            checkPlausible(algorithm_, frames_[index].size(), size);
            frame_.clear();
            frame_.resize(size);
            const base::StoredBytes& frame = frames_[index];
            decompress(algorithm_, {frame.at(0, frame.size()), frame.size()},
                       {frame_.data(), size});
            current_ = index;
        }
        return frame_.data() + (at - begin);
    }

    static constexpr uint32_t kNoFrame = UINT32_MAX;

    Compression algorithm_;
    ValueLengths lengths_;
    uint32_t blocksPerFrame_ = 1;
    std::pmr::vector<base::StoredBytes> frames_;
    base::Buffer frame_;
    uint32_t current_ = kNoFrame;
};

// Where block `block` begins in the column's heap.
size_t heapStart(const vector::Column& column, uint32_t block) {
    const uint32_t row = std::min(block * kBatchRows, column.size());
    return row == 0 ? 0 : column.offsets()[row - 1];
}

}  // namespace

bool encodeCompressedBytes(const vector::Column& column, Effort effort, base::ByteWriter& out) {
    const size_t raw = column.byteSize();
    if (raw < 64)
        return false;
    const uint32_t blocks = (column.size() + kBatchRows - 1) / kBatchRows;
    const uint32_t blocksPerFrame = std::clamp<uint32_t>(
        static_cast<uint32_t>(kFrameBytes * blocks / std::max<size_t>(raw, 1)), 1, blocks);
    Compressor compressor(effort);
    base::ByteWriter frames;
    std::vector<size_t> sizes;
    for (uint32_t block = 0; block < blocks; block += blocksPerFrame) {
        const size_t begin = heapStart(column, block);
        const size_t end = heapStart(column, block + blocksPerFrame);
        sizes.push_back(compressor.compress({column.heap() + begin, end - begin}, frames));
        // The first frame tells whether it is worth going on.
        if (block == 0 && sizes[0] > (end - begin) - (end - begin) / 32)
            return false;
    }
    if (frames.size() > raw - raw / 32)
        return false;
    out.u8(static_cast<uint8_t>(ColumnCodec::CompressedBytes));
    out.u8(static_cast<uint8_t>(compressor.algorithm()));
    encodeLengths(column, effort, out);
    out.varint(blocksPerFrame);
    for (const size_t size : sizes)
        out.varint(size);
    out.append(frames.bytes());
    return true;
}

ColumnDecoder* openCompressedBytes(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                   OpenContext& context) {
    return context.arena.make<CompressedBytesDecoder>(in, type, rows, context.arena);
}

}  // namespace footfall::encoding
