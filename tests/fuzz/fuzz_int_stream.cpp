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
    });
    return 0;
}
