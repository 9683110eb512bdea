#include "engine/encoding/bit_packing.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <tmmintrin.h>
#endif

namespace footfall::encoding {

void packInterleaved(const uint64_t* values, unsigned width, std::byte* out) noexcept {
    if (width == 0)
        return;
    const uint64_t mask = lowMask(width);
    uint64_t lanes[kPackLanes] = {};
    unsigned filled = 0;
    for (uint32_t row = 0; row < kPackRows; row += kPackLanes) {
        const uint64_t* from = values + row;
        for (uint32_t lane = 0; lane < kPackLanes; ++lane) {
            lanes[lane] |= (from[lane] & mask) << filled;
        }
        filled += width;
        if (filled < 64)
            continue;
        std::memcpy(out, lanes, sizeof(lanes));
        out += sizeof(lanes);
        filled -= 64;
        if (filled == 0) {
            std::memset(lanes, 0, sizeof(lanes));
        } else {
            for (uint32_t lane = 0; lane < kPackLanes; ++lane) {
                lanes[lane] = (from[lane] & mask) >> (width - filled);
            }
        }
    }
}

namespace {

// One body, compiled for each instruction set that makes a difference to it.
[[gnu::always_inline]] inline void unpackLanes(const std::byte* packed, unsigned width,
                                               uint32_t first, uint32_t count, uint64_t base,
                                               uint64_t* __restrict out) noexcept {
    const uint64_t mask = lowMask(width);
    for (uint32_t row = first / kPackLanes; row < (first + count) / kPackLanes; ++row) {
        const uint32_t bit = row * width;
        const unsigned shift = bit % 64;
        const std::byte* word = packed + size_t{bit / 64} * (kPackLanes * 8);
        uint64_t low[kPackLanes];
        std::memcpy(low, word, sizeof(low));
        if (shift + width <= 64) {
            for (uint32_t lane = 0; lane < kPackLanes; ++lane) {
                out[lane] = ((low[lane] >> shift) & mask) + base;
            }
        } else {
            uint64_t high[kPackLanes];
            std::memcpy(high, word + sizeof(low), sizeof(high));
            for (uint32_t lane = 0; lane < kPackLanes; ++lane) {
                out[lane] = (((low[lane] >> shift) | (high[lane] << (64 - shift))) & mask) + base;
            }
        }
        out += kPackLanes;
    }
}

// Written with vectors: compilers do not find the way from 64 bits to 32 by themselves.
[[gnu::always_inline]] inline uint32_t unpackLanes32(const std::byte* packed, unsigned width,
                                                     uint32_t first, uint32_t count, uint32_t base,
                                                     uint32_t* __restrict out) noexcept {
    using Words = uint64_t __attribute__((vector_size(32)));
    using Halves = uint32_t __attribute__((vector_size(16)));
    constexpr uint32_t kLanes = 4;
    const uint64_t mask = lowMask(width);
    Halves greatest = {};
    for (uint32_t row = first / kPackLanes; row < (first + count) / kPackLanes; ++row) {
        const uint32_t bit = row * width;
        const unsigned shift = bit % 64;
        const std::byte* word = packed + size_t{bit / 64} * (kPackLanes * 8);
        const bool split = shift + width > 64;
        for (uint32_t lane = 0; lane < kPackLanes; lane += kLanes) {
            Words words;
            std::memcpy(&words, word + lane * 8, sizeof(words));
            words >>= shift;
            if (split) {
                Words high;
                std::memcpy(&high, word + (kPackLanes + lane) * 8, sizeof(high));
                words |= high << (64 - shift);
            }
            const Halves values = __builtin_convertvector(words & mask, Halves) + base;
            greatest = values > greatest ? values : greatest;
            std::memcpy(out + lane, &values, sizeof(values));
        }
        out += kPackLanes;
    }
    return std::max(std::max(greatest[0], greatest[1]), std::max(greatest[2], greatest[3]));
}

using Unpack32 = uint32_t (*)(const std::byte*, unsigned, uint32_t, uint32_t, uint32_t, uint32_t*);
using Unpack = void (*)(const std::byte*, unsigned, uint32_t, uint32_t, uint64_t, uint64_t*);

void unpackAnywhere(const std::byte* packed, unsigned width, uint32_t first, uint32_t count,
                    uint64_t base, uint64_t* out) noexcept {
    unpackLanes(packed, width, first, count, base, out);
}

uint32_t unpack32Anywhere(const std::byte* packed, unsigned width, uint32_t first, uint32_t count,
                          uint32_t base, uint32_t* out) noexcept {
    return unpackLanes32(packed, width, first, count, base, out);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void unpackAvx2(const std::byte* packed, unsigned width, uint32_t first,
                                        uint32_t count, uint64_t base, uint64_t* out) noexcept {
    unpackLanes(packed, width, first, count, base, out);
}

[[gnu::target("avx2")]] uint32_t unpack32Avx2(const std::byte* packed, unsigned width,
                                              uint32_t first, uint32_t count, uint32_t base,
                                              uint32_t* out) noexcept {
    return unpackLanes32(packed, width, first, count, base, out);
}

Unpack bestUnpack() noexcept {
    return __builtin_cpu_supports("avx2") != 0 ? unpackAvx2 : unpackAnywhere;
}
Unpack32 bestUnpack32() noexcept {
    return __builtin_cpu_supports("avx2") != 0 ? unpack32Avx2 : unpack32Anywhere;
}
#else
Unpack bestUnpack() noexcept {
    return unpackAnywhere;
}
Unpack32 bestUnpack32() noexcept {
    return unpack32Anywhere;
}
#endif

}  // namespace

void unpackInterleaved(const std::byte* packed, unsigned width, uint32_t first, uint32_t count,
                       uint64_t base, uint64_t* out) noexcept {
    static const Unpack kUnpack = bestUnpack();
    if (width == 0) {
        std::fill_n(out, count, base);
        return;
    }
    kUnpack(packed, width, first, count, base, out);
}

uint32_t unpackInterleaved32(const std::byte* packed, unsigned width, uint32_t first,
                             uint32_t count, uint32_t base, uint32_t* out) noexcept {
    static const Unpack32 kUnpack = bestUnpack32();
    if (width == 0) {
        std::fill_n(out, count, base);
        return base;
    }
    return kUnpack(packed, width, first, count, base, out);
}

void packLinear(const uint64_t* values, size_t count, unsigned width, std::byte* out) noexcept {
    if (width == 0)
        return;
    const uint64_t mask = lowMask(width);
    std::byte* const end = out + linearBytes(count, width);
    uint64_t word = 0;
    unsigned filled = 0;
    for (size_t i = 0; i < count; ++i) {
        const uint64_t value = values[i] & mask;
        word |= value << filled;
        filled += width;
        if (filled < 64)
            continue;
        std::memcpy(out, &word, 8);
        out += 8;
        filled -= 64;
        word = filled == 0 ? 0 : value >> (width - filled);
    }
    if (out < end)
        std::memcpy(out, &word, static_cast<size_t>(end - out));
}

void unpackLinear(std::span<const std::byte> packed, unsigned width, size_t first, size_t count,
                  uint64_t base, uint64_t* out) noexcept {
    if (width == 0) {
        std::fill_n(out, count, base);
        return;
    }
    const uint64_t mask = lowMask(width);
    // Values that end eight bytes before the end, and of at most 57 bits, take
    // one load each.
    size_t safe = 0;
    if (width <= 57 && packed.size() >= 8)
        safe = std::min(first + count, ((packed.size() - 8) * 8 + 7) / width + 1);
    size_t i = 0;
    for (size_t bit = first * width; first + i < safe; ++i, bit += width) {
        uint64_t word;
        std::memcpy(&word, packed.data() + bit / 8, sizeof(word));
        out[i] = ((word >> bit % 8) & mask) + base;
    }
    for (; i < count; ++i) {
        const size_t bit = (first + i) * width;
        const size_t byte = bit / 8;
        const unsigned shift = bit % 8;
        const size_t left = packed.size() - byte;
        uint64_t low = 0;
        std::memcpy(&low, packed.data() + byte, std::min<size_t>(8, left));
        uint64_t value = low >> shift;
        if (shift + width > 64 && left > 8) {
            value |= static_cast<uint64_t>(packed[byte + 8]) << (64 - shift);
        }
        out[i] = (value & mask) + base;
    }
}

namespace {

// Values `done` to `count`, four of them in five bytes.
void unpackTenBitsFrom(std::span<const std::byte> packed, size_t done, size_t count,
                       uint16_t* out) noexcept {
    for (size_t at = done / 4 * 5; done < count; done += 4, at += 5) {
        uint64_t word = 0;
        std::memcpy(&word, packed.data() + at, std::min<size_t>(5, packed.size() - at));
        for (size_t i = 0; i < 4; ++i)
            out[done + i] = static_cast<uint16_t>(word >> 10 * i & 0x3ff);
    }
}

#if defined(__x86_64__)
// Eight values are ten bytes, and each lies in two of them.
[[gnu::target("ssse3")]] void unpackTenBitsSsse3(std::span<const std::byte> packed, size_t count,
                                                 uint16_t* out) noexcept {
    const __m128i pairs = _mm_setr_epi8(0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 6, 7, 7, 8, 8, 9);
    const __m128i toTop = _mm_setr_epi16(64, 16, 4, 1, 64, 16, 4, 1);
    size_t done = 0;
    for (size_t at = 0; done < count && at + 16 <= packed.size(); done += 8, at += 10) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(packed.data() + at));
        const __m128i words = _mm_mullo_epi16(_mm_shuffle_epi8(bytes, pairs), toTop);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + done), _mm_srli_epi16(words, 6));
    }
    unpackTenBitsFrom(packed, done, count, out);
}
#endif

}  // namespace

void unpackTenBits(std::span<const std::byte> packed, size_t count, uint16_t* out) noexcept {
#if defined(__x86_64__)
    static const bool kShuffles = __builtin_cpu_supports("ssse3") != 0;
    if (kShuffles)
        return unpackTenBitsSsse3(packed, count, out);
#endif
    unpackTenBitsFrom(packed, 0, count, out);
}

}  // namespace footfall::encoding
