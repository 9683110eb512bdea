// Integer streams: two bytes of length, then the stream.
#include <vector>

#include "engine/encoding/int_stream.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace footfall;
    fuzz::Input input(data, size);
    const uint32_t rows = input.read<uint16_t>();
    const auto stored = input.rest();
    fuzz::expectSafe([&] {
        encoding::Arena arena(std::pmr::new_delete_resource());
        encoding::IntDecoder* decoder =
            encoding::openIntegers(base::ByteReader(stored), rows, arena);
        std::vector<uint64_t> whole(rows);
        decoder->decode(0, rows, whole.data());
        // Any part is the same as in the whole.
        const uint32_t first = rows / 3;
        const uint32_t count = rows / 2;
        std::vector<uint64_t> part(count);
        decoder->decode(first, count, part.data());
        if (!std::equal(part.begin(), part.end(), whole.begin() + first))
            std::abort();
        std::vector<uint32_t> narrow(count);
        const uint64_t greatest = decoder->decode32(first, count, narrow.data());
        std::vector<uint16_t> positions;
        for (uint32_t row = 0; row < count; ++row) {
            if (part[row] > greatest || narrow[row] != static_cast<uint32_t>(part[row]))
                std::abort();
            if (row % (1 + rows % 37) == 0)
                positions.push_back(static_cast<uint16_t>(row));
        }
        std::vector<uint64_t> gathered(positions.size());
        if (!positions.empty())
            decoder->gather(first, positions, gathered.data());
        for (size_t i = 0; i < positions.size(); ++i) {
            if (gathered[i] != part[positions[i]])
                std::abort();
        }
    });
    return 0;
}
