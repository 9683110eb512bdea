// Taking a fuzzer's bytes apart. Reads beyond the end give zeros.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory_resource>
#include <span>
#include <string>

#include "engine/base/error.h"
#include "engine/vector/column.h"

namespace footfall::fuzz {

class Input {
  public:
    Input(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

    uint8_t u8() { return read<uint8_t>(); }
    template <class T>
    T read() {
        T value{};
        const size_t size = std::min(sizeof(T), static_cast<size_t>(end_ - at_));
        if (size != 0)
            std::memcpy(&value, at_, size);
        at_ += size;
        return value;
    }
    std::span<const std::byte> bytes(size_t size) {
        size = std::min(size, static_cast<size_t>(end_ - at_));
        const auto* begin = reinterpret_cast<const std::byte*>(at_);
        at_ += size;
        return {begin, size};
    }
    std::span<const std::byte> rest() { return bytes(SIZE_MAX); }
    bool empty() const { return at_ == end_; }

    // Always a valid type.
    vector::ColumnType type() {
        const uint8_t byte = u8();
        const auto kind = static_cast<vector::Kind>(1 + byte % 9);
        const auto content = static_cast<vector::Content>(byte / 9 % 5);
        if (kind != vector::Kind::Fixed)
            return vector::ColumnType::of(kind, content);
        return vector::ColumnType::fixed(static_cast<uint16_t>(1 + u8() % 24), content);
    }

  private:
    const uint8_t* at_;
    const uint8_t* end_;
};

// What type() reads, for seeds.
inline void putType(vector::ColumnType type, std::string& out) {
    out.push_back(
        static_cast<char>(static_cast<int>(type.kind) - 1 + static_cast<int>(type.content) * 9));
    if (type.kind == vector::Kind::Fixed)
        out.push_back(static_cast<char>(type.width - 1));
}

// Runs a decoder on damaged data: CorruptData is an answer, anything else is a bug.
template <class Function>
void expectSafe(Function function) {
    try {
        function();
    } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::CorruptData &&
            error.kind() != base::ErrorKind::Unsupported) {
            std::abort();
        }
    }
}

}  // namespace footfall::fuzz
