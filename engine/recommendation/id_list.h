// Names of customers or of products, in rising order of their bytes; a name's place is its number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"

namespace footfall::recommendation {

class IdList {
  public:
    uint32_t size() const { return static_cast<uint32_t>(ends_.size()); }
    size_t bytes() const { return text_.size() + ends_.size() * sizeof(uint64_t); }
    std::string_view operator[](uint32_t number) const {
        const uint64_t begin = number == 0 ? 0 : ends_[number - 1];
        return std::string_view(text_).substr(begin, ends_[number] - begin);
    }
    // Names come in rising order.
    void add(std::string_view name) {
        text_.append(name);
        ends_.push_back(text_.size());
    }
    std::optional<uint32_t> find(std::string_view name) const;

    void pack(base::ByteWriter& writer) const;
    // CorruptData when the names do not rise.
    static IdList unpack(base::ByteReader& reader);

  private:
    std::string text_;
    std::vector<uint64_t> ends_;
};

}  // namespace footfall::recommendation
