// Small numbers for the values of a key column: 1, 2, ... in the order of first appearance, 0 for
// NULL. Equal values (floats: -0 and 0, all NaN) have one number.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/vector/column.h"

namespace footfall::aggregate {

// A value of at most eight bytes as grouping compares it.
template <class T>
uint64_t groupingBits(T value) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
        const double wide = value == 0 ? 0.0 : static_cast<double>(value);
        return wide != wide ? 0x7ff8000000000000ULL : std::bit_cast<uint64_t>(wide);
    } else {
        return static_cast<uint64_t>(static_cast<int64_t>(value));
    }
}

// Integers sign-extended, floats as double; the column is of one of these types.
uint64_t groupingBits(const vector::Column& column, uint32_t row) noexcept;

class Interner {
  public:
    Interner(vector::ColumnType type, std::pmr::memory_resource* resource);

    // Whether values are told apart by 64 bits; bytes otherwise.
    bool byBits() const noexcept { return bits_; }
    uint32_t size() const noexcept { return size_; }
    uint32_t internBits(uint64_t value);
    uint32_t internBytes(std::string_view value);
    uint32_t intern(const vector::Column& column, uint32_t row);

    uint64_t bitsOf(uint32_t code) const noexcept { return values_[code - 1]; }
    std::string_view bytesOf(uint32_t code) const noexcept { return texts_.bytesAt(code - 1); }

  private:
    void grow();
    uint64_t hashOf(uint32_t code) const noexcept {
        return bits_ ? base::hashInteger(values_[code - 1]) : hashes_[code - 1];
    }

    bool bits_;
    uint32_t size_ = 0;
    std::pmr::vector<uint32_t> slots_;  // open addressing; 0: free
    std::pmr::vector<uint64_t> values_;
    std::pmr::vector<uint64_t> hashes_;
    vector::Column texts_;
};

}  // namespace footfall::aggregate
