// Writing what ByteReader reads. Grows in ordinary heap memory, unless it is given a resource:
// writers live within one call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "engine/base/buffer.h"
#include "engine/base/error.h"

namespace footfall::base {

class ByteWriter {
  public:
    ByteWriter() : ByteWriter(std::pmr::new_delete_resource()) {}
    explicit ByteWriter(std::pmr::memory_resource* resource) : buffer_(resource) {}

    size_t size() const noexcept { return buffer_.size(); }
    std::span<const std::byte> bytes() const noexcept { return {buffer_.data(), buffer_.size()}; }
    void clear() noexcept { buffer_.clear(); }

    template <class T>
    void write(T value) {
        static_assert(std::is_arithmetic_v<T>);
        std::memcpy(buffer_.extend(sizeof(T)), &value, sizeof(T));
    }
    void u8(uint8_t value) { write(value); }
    void u16(uint16_t value) { write(value); }
    void u32(uint32_t value) { write(value); }
    void u64(uint64_t value) { write(value); }
    void varint(uint64_t value) {
        while (value >= 0x80) {
            u8(static_cast<uint8_t>(value | 0x80));
            value >>= 7;
        }
        u8(static_cast<uint8_t>(value));
    }
    void zigzag(int64_t value) {
        varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
    }
    void append(std::span<const std::byte> bytes) { buffer_.append(bytes.data(), bytes.size()); }
    void append(std::string_view text) { buffer_.append(text.data(), text.size()); }
    // Uninitialised room for `size` bytes.
    std::byte* extend(size_t size) { return buffer_.extend(size); }
    // Cuts back to an earlier size().
    void truncate(size_t size) { buffer_.resize(size); }

    // A length-prefixed part; parts nest.
    size_t beginPart() {
        u32(0);
        return size();
    }
    void endPart(size_t begin) {
        const size_t length = size() - begin;
        if (length > UINT32_MAX)
            throwUnsupported("a column chunk would be larger than 4 GB");
        const auto stored = static_cast<uint32_t>(length);
        std::memcpy(buffer_.data() + begin - sizeof(stored), &stored, sizeof(stored));
    }

  private:
    Buffer buffer_;
};

}  // namespace footfall::base
