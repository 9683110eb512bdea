#include "engine/base/checksum.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace footfall::base {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78;

// Eight tables: the effect of a byte that is followed by 0 to 7 zero bytes.
constexpr auto kTables = [] {
    std::array<std::array<uint32_t, 256>, 8> tables{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
        tables[0][byte] = crc;
    }
    for (size_t t = 1; t < 8; ++t) {
        for (uint32_t byte = 0; byte < 256; ++byte) {
            const uint32_t crc = tables[t - 1][byte];
            tables[t][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
        }
    }
    return tables;
}();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc32cHardware(std::span<const std::byte> bytes,
                                                          uint32_t seed) noexcept {
    uint64_t crc = ~seed;
    const std::byte* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word;
        std::memcpy(&word, at, 8);
        crc = _mm_crc32_u64(crc, word);
    }
    auto narrow = static_cast<uint32_t>(crc);
    for (; left > 0; --left, ++at)
        narrow = _mm_crc32_u8(narrow, static_cast<uint8_t>(*at));
    return ~narrow;
}
#endif

}  // namespace

uint32_t crc32cPortable(std::span<const std::byte> bytes, uint32_t seed) noexcept {
    uint32_t crc = ~seed;
    const std::byte* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word;
        std::memcpy(&word, at, 8);
        word ^= crc;
        crc = 0;
        for (size_t byte = 0; byte < 8; ++byte) {
            crc ^= kTables[7 - byte][(word >> (8 * byte)) & 0xff];
        }
    }
    for (; left > 0; --left, ++at) {
        crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<uint8_t>(*at)) & 0xff];
    }
    return ~crc;
}

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t seed) noexcept {
#if defined(__x86_64__)
    static const bool hardware = __builtin_cpu_supports("sse4.2") != 0;
    if (hardware)
        return crc32cHardware(bytes, seed);
#endif
    return crc32cPortable(bytes, seed);
}

}  // namespace footfall::base
