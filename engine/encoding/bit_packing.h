// Packing unsigned integers into `width` bits each, 0 to 64.
//
// Two layouts. Interleaved, for exactly 1,024 values: value i belongs to lane i % 16, each lane is
// a bit stream (least significant bit first) of its 64 values, and the 64-bit words of the 16
// lanes alternate. All lanes shift alike, so the loop over lanes vectorises with any instruction
// set, and the values come out in order. (The idea of lanes is FastLanes', Afroozeh and Boncz,
// VLDB 2023; here without its reordering.) Linear, for any count: one bit stream, least
// significant bit first.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace footfall::encoding {

inline constexpr uint32_t kPackRows = 1024;
inline constexpr uint32_t kPackLanes = 16;

inline unsigned bitWidth(uint64_t value) noexcept {
    return static_cast<unsigned>(std::bit_width(value));
}
inline constexpr uint64_t lowMask(unsigned width) noexcept {
    return width >= 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
}
inline constexpr size_t interleavedBytes(unsigned width) noexcept {
    return size_t{width} * (kPackRows / 8);
}
inline constexpr size_t linearBytes(size_t count, unsigned width) noexcept {
    return (count * width + 7) / 8;
}

// `out` has interleavedBytes(width); values above the width are cut.
void packInterleaved(const uint64_t* values, unsigned width, std::byte* out) noexcept;
// Rows `first` to `first + count` of 1,024, both multiples of 16; adds `base` to each.
void unpackInterleaved(const std::byte* packed, unsigned width, uint32_t first, uint32_t count,
                       uint64_t base, uint64_t* out) noexcept;

// The same into 32 bits: width is at most 32 and no sum with `base` exceeds 32 bits. Returns the
// greatest of them.
uint32_t unpackInterleaved32(const std::byte* packed, unsigned width, uint32_t first,
                             uint32_t count, uint32_t base, uint32_t* out) noexcept;
// Row `row` of 1,024.
inline uint64_t unpackInterleavedOne(const std::byte* packed, unsigned width,
                                     uint32_t row) noexcept {
    if (width == 0)
        return 0;
    const uint32_t bit = row / kPackLanes * width;
    const unsigned shift = bit % 64;
    const std::byte* at = packed + (size_t{bit / 64} * kPackLanes + row % kPackLanes) * 8;
    uint64_t low;
    uint64_t high;
    std::memcpy(&low, at, sizeof(low));
    // The lane's next word, where the value goes on there; else what it adds the mask cuts off.
    std::memcpy(&high, at + (shift + width > 64 ? kPackLanes * 8 : 0), sizeof(high));
    return (low >> shift | (high << 1) << (63 - shift)) & lowMask(width);
}

// `out` has linearBytes(count, width).
void packLinear(const uint64_t* values, size_t count, unsigned width, std::byte* out) noexcept;
// Values `first` to `first + count`; `packed` holds at least linearBytes(first + count, width).
void unpackLinear(std::span<const std::byte> packed, unsigned width, size_t first, size_t count,
                  uint64_t base, uint64_t* out) noexcept;
// The first `count` values of ten bits; `out` has room for a multiple of eight.
void unpackTenBits(std::span<const std::byte> packed, size_t count, uint16_t* out) noexcept;

}  // namespace footfall::encoding
