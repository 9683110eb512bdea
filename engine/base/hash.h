// 64-bit hashes (XXH3) of stored values. Blooms are stored, so these must never change.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>

namespace footfall::base {

inline uint64_t hashBytes(const void* data, size_t size) noexcept {
    return XXH3_64bits(data, size);
}

// A bijection on 64-bit integers that spreads close ones; the finaliser of MurmurHash3.
inline uint64_t hashInteger(uint64_t value) noexcept {
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ULL;
    return value ^ (value >> 33);
}

}  // namespace footfall::base
