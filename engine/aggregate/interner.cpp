#include "engine/aggregate/interner.h"

#include "engine/scan/value_order.h"

namespace footfall::aggregate {

namespace {

bool fitsBits(vector::ColumnType type) noexcept {
    return type.isInteger() || type.isFloat();
}

}  // namespace

uint64_t groupingBits(const vector::Column& column, uint32_t row) noexcept {
    return column.type().isFloat() ? groupingBits(column.floatAt(row))
                                   : groupingBits(column.integerAt(row));
}

Interner::Interner(vector::ColumnType type, std::pmr::memory_resource* resource)
    : bits_(fitsBits(type)),
      slots_(64, resource),
      values_(resource),
      hashes_(resource),
      texts_(vector::ColumnType::bytes(), resource) {}

void Interner::grow() {
    const size_t size = slots_.size() * 2;
    slots_.assign(size, 0);
    for (uint32_t code = 1; code <= size_; ++code) {
        size_t at = hashOf(code) & (size - 1);
        while (slots_[at] != 0)
            at = (at + 1) & (size - 1);
        slots_[at] = code;
    }
}

uint32_t Interner::internBits(uint64_t value) {
    const size_t mask = slots_.size() - 1;
    size_t at = base::hashInteger(value) & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        if (values_[slots_[at] - 1] == value)
            return slots_[at];
    }
    values_.push_back(value);
    slots_[at] = ++size_;
    const uint32_t code = size_;
    if (size_t{size_} * 2 > slots_.size())
        grow();
    return code;
}

uint32_t Interner::internBytes(std::string_view value) {
    const uint64_t hash = base::hashBytes(value.data(), value.size());
    const size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        const uint32_t code = slots_[at];
        if (hashes_[code - 1] == hash && texts_.bytesAt(code - 1) == value)
            return code;
    }
    hashes_.push_back(hash);
    texts_.appendBytes(value);
    slots_[at] = ++size_;
    const uint32_t code = size_;
    if (size_t{size_} * 2 > slots_.size())
        grow();
    return code;
}

uint32_t Interner::intern(const vector::Column& column, uint32_t row) {
    if (column.isNull(row))
        return 0;
    return bits_ ? internBits(groupingBits(column, row)) : internBytes(scan::rawBytes(column, row));
}

}  // namespace footfall::aggregate
