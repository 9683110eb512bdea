// Whole segments of up to four columns that may refer to each other: rows, then per column a type
// and a chunk with its length, then the index. Checksums are computed, so damage reaches the
// decoders.
#include <vector>

#include "engine/base/checksum.h"
#include "engine/segment/segment_reader.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace footfall;

class Chunks final : public segment::ChunkSource {
  public:
    std::span<const std::byte> fetch(uint32_t column) override { return chunks[column]; }
    std::span<const std::byte> fetchIndex() override { return index; }
    std::vector<std::span<const std::byte>> chunks;
    std::span<const std::byte> index;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    fuzz::Input input(data, size);
    std::pmr::memory_resource* heap = std::pmr::new_delete_resource();
    const uint32_t columns = 1 + input.u8() % 4;
    const uint32_t rows = input.read<uint16_t>() % 20000;
    Chunks chunks;
    segment::SegmentMeta meta(heap);
    meta.setRows(rows);
    meta.addSortKey(0);
    for (uint32_t c = 0; c < columns; ++c) {
        segment::ColumnMeta column;
        column.type = input.type();
        const auto chunk = input.bytes(input.read<uint16_t>());
        column.chunkBytes = static_cast<uint32_t>(chunk.size());
        column.crc = base::crc32c(chunk);
        meta.addColumn(column, {});
        chunks.chunks.push_back(chunk);
    }
    chunks.index = input.rest();
    meta.setIndex(static_cast<uint32_t>(chunks.index.size()), base::crc32c(chunks.index));
    segment::SegmentReader reader(meta, chunks, heap);
    for (uint32_t c = 0; c < columns; ++c) {
        fuzz::expectSafe([&] { reader.verify(c); });
        fuzz::expectSafe([&] {
            vector::Block block(heap);
            reader.read(c, rows / 2, std::min(rows - rows / 2, 100U), block);
            for (uint32_t i = 0; i < block.rows; ++i) {
                if (block.isNull(i))
                    continue;
                const auto value = segment::Scalar::at(block.holder(), block.holderRow(i));
                segment::BlockSet blocks = reader.allBlocks();
                reader.pruneEqual(c, value, blocks);
            }
        });
    }
    return 0;
}
