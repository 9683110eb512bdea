// Stored recommenders: what is accepted recommends, and is written in a form that is accepted and
// the same. The checksum at the end is put right first: else it would hide everything behind it.
#include "engine/base/checksum.h"
#include "engine/recommendation/ranker.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace footfall;

void ask(const recommendation::Recommender& recommender) {
    constexpr uint32_t kMost = 20;
    recommendation::Ranker ranker(recommender);
    for (uint32_t i = 0; i < std::min(kMost, recommender.customers()); i++) {
        for (const bool excludeBought : {false, true}) {
            const auto ranked = ranker.forCustomer(i, 5, excludeBought);
            for (const auto& row : ranked) {
                if (row.product >= recommender.products() || row.score != row.score)
                    std::abort();
            }
        }
        (void)recommender.customerIds.find(recommender.customerIds[i]);
    }
    for (uint32_t i = 0; i < std::min(kMost, recommender.products()); i++)
        (void)ranker.similarTo(i, 5);
    (void)ranker.popular(5);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto* begin = reinterpret_cast<const std::byte*>(data);
    std::vector<std::byte> bytes(begin, begin + size);
    if (size > sizeof(uint32_t)) {
        const size_t body = size - sizeof(uint32_t);
        const uint32_t checksum = base::crc32c(std::span(bytes).first(body));
        std::memcpy(bytes.data() + body, &checksum, sizeof(checksum));
    }
    fuzz::expectSafe([&] {
        base::ByteReader reader(bytes);
        const auto found = recommendation::Recommender::unpack(reader);
        ask(found);
        base::ByteWriter writer;
        found.pack(writer);
        try {
            base::ByteReader second(writer.bytes());
            base::ByteWriter copy;
            recommendation::Recommender::unpack(second).pack(copy);
            if (!std::ranges::equal(writer.bytes(), copy.bytes()))
                std::abort();
        } catch (const base::Error&) {
            std::abort();
        }
    });
    return 0;
}
