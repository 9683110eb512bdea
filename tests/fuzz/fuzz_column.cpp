// Column nodes of every codec and type: a type, three bytes of row count, then the node.
#include <vector>

#include "engine/encoding/column_codec.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace footfall;
    fuzz::Input input(data, size);
    const vector::ColumnType type = input.type();
    const uint32_t rows = (input.read<uint16_t>() | (input.u8() & 1) << 16) % 131073;
    const auto stored = input.rest();
    fuzz::expectSafe([&] {
        encoding::Arena arena(std::pmr::new_delete_resource());
        encoding::OpenContext context{arena, nullptr};
        encoding::ColumnDecoder* decoder =
            encoding::openColumn(base::ByteReader(stored), type, rows, context);
        vector::Block block(std::pmr::new_delete_resource());
        vector::Column flat(type, std::pmr::new_delete_resource());
        for (uint32_t row = 0; row < rows; row += encoding::kBatchRows) {
            const uint32_t count = std::min(encoding::kBatchRows, rows - row);
            decoder->read(row, count, block);
            flat.clear();
            decoder->append(row, count, flat);
            if (block.rows != count || flat.size() != count)
                std::abort();
            for (uint32_t i = 0; i < count; ++i) {
                if (block.isNull(i) != flat.isNull(i))
                    std::abort();
                if (!block.isNull(i) && !block.holder().rowEquals(block.holderRow(i), flat, i)) {
                    std::abort();
                }
            }
            // The same rows, a few of them or by runs.
            const uint16_t step = 1 + row / encoding::kBatchRows * 7 % 50;
            std::vector<uint16_t> positions;
            for (uint32_t i = step / 2; i < count; i += step)
                positions.push_back(static_cast<uint16_t>(i));
            if (!positions.empty()) {
                decoder->readRows(row, count, positions, block);
                for (uint32_t i = 0; i < count; ++i) {
                    if (!block.isNull(i) && block.holderRow(i) >= block.holder().size())
                        std::abort();
                }
                for (const uint16_t i : positions) {
                    if (block.isNull(i) != flat.isNull(i))
                        std::abort();
                    if (!block.isNull(i) && !block.holder().rowEquals(block.holderRow(i), flat, i))
                        std::abort();
                }
            }
            vector::Runs runs(std::pmr::new_delete_resource());
            if (decoder->readRuns(row, count, runs)) {
                if (runs.values.rows != runs.ends.size() || runs.ends.back() != count)
                    std::abort();
            }
        }
        if (rows > 2)
            decoder->append(rows / 2, 1, flat);
    });
    return 0;
}
