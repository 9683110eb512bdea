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
// The instruction takes one cycle but gives its result after three, so long runs are computed as
// three lanes side by side, which are put together as if each was followed by the bytes behind it:
// zero bytes change a checksum by a linear map, kept as a table for each of its four bytes.
using ZeroBytes = std::array<std::array<uint32_t, 256>, 4>;

constexpr size_t kLongLane = 1360;  // three are a page of stored bytes, nearly
constexpr size_t kShortLane = 168;

constexpr ZeroBytes zeroBytes(size_t count) {
    std::array<uint32_t, 32> bits{};  // what becomes of each bit
    for (uint32_t bit = 0; bit < 32; ++bit) {
        uint32_t crc = uint32_t{1} << bit;
        for (size_t byte = 0; byte < count; ++byte)
            crc = (crc >> 8) ^ kTables[0][crc & 0xff];
        bits[bit] = crc;
    }
    ZeroBytes tables{};
    for (size_t byte = 0; byte < 4; ++byte) {
        for (uint32_t value = 0; value < 256; ++value) {
            for (uint32_t bit = 0; bit < 8; ++bit) {
                if ((value >> bit & 1) != 0)
                    tables[byte][value] ^= bits[byte * 8 + bit];
            }
        }
    }
    return tables;
}

template <size_t kLane>
constexpr ZeroBytes kLaneOfZeroBytes = zeroBytes(kLane);

template <size_t kLane>
uint64_t behindLane(uint64_t crc) noexcept {
    constexpr const ZeroBytes& tables = kLaneOfZeroBytes<kLane>;
    return tables[0][crc & 0xff] ^ tables[1][crc >> 8 & 0xff] ^ tables[2][crc >> 16 & 0xff] ^
           tables[3][crc >> 24 & 0xff];
}

uint64_t wordAt(const std::byte* at) noexcept {
    uint64_t word;
    std::memcpy(&word, at, 8);
    return word;
}

template <size_t kLane>
__attribute__((target("sse4.2"))) uint64_t threeLanes(uint64_t first,
                                                      const std::byte* at) noexcept {
    static_assert(kLane % 8 == 0);
    uint64_t second = 0;
    uint64_t third = 0;
    for (const std::byte* end = at + kLane; at != end; at += 8) {
        first = _mm_crc32_u64(first, wordAt(at));
        second = _mm_crc32_u64(second, wordAt(at + kLane));
        third = _mm_crc32_u64(third, wordAt(at + 2 * kLane));
    }
    return behindLane<kLane>(behindLane<kLane>(first) ^ second) ^ third;
}

__attribute__((target("sse4.2"))) uint32_t crc32cHardware(std::span<const std::byte> bytes,
                                                          uint32_t seed) noexcept {
    uint64_t crc = ~seed;
    const std::byte* at = bytes.data();
    size_t left = bytes.size();
    for (; left >= 3 * kLongLane; left -= 3 * kLongLane, at += 3 * kLongLane)
        crc = threeLanes<kLongLane>(crc, at);
    for (; left >= 3 * kShortLane; left -= 3 * kShortLane, at += 3 * kShortLane)
        crc = threeLanes<kShortLane>(crc, at);
    for (; left >= 8; left -= 8, at += 8)
        crc = _mm_crc32_u64(crc, wordAt(at));
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
