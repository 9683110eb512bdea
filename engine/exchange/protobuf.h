// Writing messages in Protocol Buffers' wire format: a field is a key (its number and how it is
// stored), then an integer, or a length and bytes. Repeated numbers are packed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace footfall::exchange {

class ProtobufMessage {
  public:
    std::string_view bytes() const { return bytes_; }

    void add(uint32_t field, int64_t number) {
        key(field, kVarint);
        varint(static_cast<uint64_t>(number));
    }
    void add(uint32_t field, std::string_view text) {
        key(field, kBytes);
        varint(text.size());
        bytes_.append(text);
    }
    void add(uint32_t field, const ProtobufMessage& message) { add(field, message.bytes()); }
    void addPacked(uint32_t field, std::span<const float> numbers) {
        add(field,
            std::string_view(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()));
    }
    void addPacked(uint32_t field, std::span<const int64_t> numbers) {
        ProtobufMessage packed;
        for (const int64_t number : numbers)
            packed.varint(static_cast<uint64_t>(number));
        add(field, packed);
    }

  private:
    static constexpr uint32_t kVarint = 0;
    static constexpr uint32_t kBytes = 2;

    void key(uint32_t field, uint32_t storage) { varint(field << 3 | storage); }
    void varint(uint64_t value) {
        while (value >= 0x80) {
            bytes_.push_back(static_cast<char>(value | 0x80));
            value >>= 7;
        }
        bytes_.push_back(static_cast<char>(value));
    }

    std::string bytes_;
};

}  // namespace footfall::exchange
