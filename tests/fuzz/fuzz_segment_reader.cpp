// Whole segments of up to four columns that may refer to each other: rows, then per column a type
// and a chunk with its length, then the index. Checksums are computed, so damage reaches the
// decoders.
#include <cstring>
#include <vector>

#include "engine/segment/paged_piece.h"
#include "engine/segment/segment_reader.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace footfall;

class Chunks final : public segment::ChunkSource {
  public:
    void fetch(uint32_t column, uint32_t offset, std::span<std::byte> into) override {
        std::memcpy(into.data(), chunks[column].data() + offset, into.size());
    }
    void fetchIndex(uint32_t offset, std::span<std::byte> into) override {
        std::memcpy(into.data(), index.data() + offset, into.size());
    }
    std::vector<std::pmr::vector<std::byte>> chunks;
    std::pmr::vector<std::byte> index;
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
        auto& chunk = chunks.chunks.emplace_back();
        column.crc = segment::appendPiece(input.bytes(input.read<uint16_t>()), chunk);
        column.chunkBytes = static_cast<uint32_t>(chunk.size());
        meta.addColumn(column, {});
    }
    const uint32_t crc = segment::appendPiece(input.rest(), chunks.index);
    meta.setIndex(static_cast<uint32_t>(chunks.index.size()), crc);
    segment::SegmentReader reader(meta, chunks, heap);
    reader.setSparse((size & 1) != 0);
    for (uint32_t c = 0; c < columns; ++c) {
        fuzz::expectSafe([&] { reader.verify(c); });
        fuzz::expectSafe([&] {
            vector::Block block(heap);
            if (rows != 0) {
                const uint16_t positions[] = {0, static_cast<uint16_t>((rows - rows / 2 - 1) / 5)};
                vector::Runs runs(heap);
                reader.readRuns(c, rows / 2, std::min(rows - rows / 2, 1024U), runs);
                if (rows - rows / 2 <= 1024 && positions[1] != 0)
                    reader.readRows(c, rows / 2, rows - rows / 2, positions, block);
            }
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
