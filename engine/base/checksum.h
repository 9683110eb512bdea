// CRC-32C (Castagnoli, reflected 0x82F63B78), with SSE4.2 where the processor has it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace footfall::base {

// Checksum of `bytes`; chain parts by passing the previous result as `seed`.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t seed = 0) noexcept;

// The table-driven form, the same on every processor; exposed so that a test can compare the two.
uint32_t crc32cPortable(std::span<const std::byte> bytes, uint32_t seed = 0) noexcept;

}  // namespace footfall::base
