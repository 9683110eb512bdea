// Bounds-checked reading of stored bytes; every decoder goes through it.
//
// Integers are little-endian. A read beyond the end throws CorruptData. The reader does not own
// its bytes. Bytes that arrive page by page (pages.h) are asked for as they are read.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/base/pages.h"

namespace footfall::base {

static_assert(std::endian::native == std::endian::little,
              "stored integers are little-endian and are read without swapping");

class ByteReader {
  public:
    explicit ByteReader(std::span<const std::byte> bytes, Pages* pages = nullptr) noexcept
        : at_(bytes.data()), end_(bytes.data() + bytes.size()), pages_(pages) {}

    size_t remaining() const noexcept { return static_cast<size_t>(end_ - at_); }

    template <class T>
    T read() {
        static_assert(std::is_arithmetic_v<T>);
        need(sizeof(T));
        if (pages_ != nullptr)
            pages_->require(at_, sizeof(T));
        T value;
        std::memcpy(&value, at_, sizeof(T));
        at_ += sizeof(T);
        return value;
    }
    uint8_t u8() { return read<uint8_t>(); }
    uint16_t u16() { return read<uint16_t>(); }
    uint32_t u32() { return read<uint32_t>(); }
    uint64_t u64() { return read<uint64_t>(); }

    // LEB128, at most ten bytes.
    uint64_t varint() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const uint8_t byte = u8();
            if (shift == 63 && byte > 1)
                break;
            value |= static_cast<uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80)
                return value;
        }
        throwCorrupt("variable-length integer does not end");
    }
    // A varint that must not exceed `limit`.
    uint64_t varintUpTo(uint64_t limit, const char* what) {
        const uint64_t value = varint();
        if (value > limit) {
            throwCorrupt("%s is %llu, more than the possible %llu", what,
                         static_cast<unsigned long long>(value),
                         static_cast<unsigned long long>(limit));
        }
        return value;
    }
    int64_t zigzag() {
        const uint64_t raw = varint();
        return static_cast<int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
    }

    std::span<const std::byte> bytes(size_t size) {
        const StoredBytes stored = storedBytes(size);
        return {stored.at(0, size), size};
    }
    // The same without looking at them yet.
    StoredBytes storedBytes(size_t size) {
        need(size);
        const StoredBytes result(at_, size, pages_);
        at_ += size;
        return result;
    }
    std::string_view text(size_t size) {
        const auto raw = bytes(size);
        return {reinterpret_cast<const char*>(raw.data()), raw.size()};
    }
    // A part written by ByteWriter::beginPart / endPart: its own reader, this one moves past it.
    ByteReader part() {
        const uint32_t size = u32();
        need(size);
        const std::byte* begin = at_;
        at_ += size;
        return ByteReader({begin, size}, pages_);
    }

    std::span<const std::byte> rest() { return bytes(remaining()); }
    StoredBytes storedRest() { return storedBytes(remaining()); }
    void expectEnd() const {
        if (at_ != end_)
            throwCorrupt("%zu bytes follow the end of the data", remaining());
    }

  private:
    void need(size_t size) const {
        if (size > remaining()) {
            throwCorrupt("data ends early: %zu bytes needed, %zu left", size, remaining());
        }
    }

    const std::byte* at_;
    const std::byte* end_;
    Pages* pages_;
};

}  // namespace footfall::base
