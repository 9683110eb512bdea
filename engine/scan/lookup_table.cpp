// See lookup_table.h.
#include "engine/scan/lookup_table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/encoding/column_codec.h"

namespace footfall::scan {

using vector::Block;
using vector::Column;
using vector::Kind;

namespace {

// An array instead of a hash table when it has at most this many slots a row.
constexpr uint64_t kSlotsPerRow = 8;
constexpr uint64_t kSlotsAnyway = 1024;
// So many rows between two polls.
constexpr uint32_t kPollRows = 1U << 16;
// In `entries_`: not looked up yet.
constexpr uint32_t kUnknown = UINT32_MAX - 1;

struct Range {
    int64_t smallest = INT64_MAX;
    int64_t largest = INT64_MIN;
};

Range rangeOf(const Column& keys) {
    Range range;
    for (uint32_t row = 0; row < keys.size(); ++row) {
        if (keys.isNull(row))
            continue;
        range.smallest = std::min(range.smallest, keys.integerAt(row));
        range.largest = std::max(range.largest, keys.integerAt(row));
    }
    return range;
}

void pollAt(uint32_t row, void (*poll)()) {
    if (row % kPollRows == 0)
        poll();
}

std::pair<const void*, size_t> bytesOf(const Column& column, uint32_t row) {
    if (!column.type().isBytes())
        return {column.fixedAt(row), column.type().width};
    const std::string_view bytes = column.bytesAt(row);
    return {bytes.data(), bytes.size()};
}

uint64_t hashOf(const Column& column, uint32_t row) {
    const auto [data, size] = bytesOf(column, row);
    return base::hashBytes(data, size);
}

// Twice as many slots, each entry in its new place.
void growSlots(std::pmr::vector<uint32_t>& slots, const Column& entries) {
    slots.assign(slots.size() * 2, 0);
    for (uint32_t code = 0; code < entries.size(); ++code) {
        uint64_t slot = hashOf(entries, code) & (slots.size() - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (slots.size() - 1);
        slots[slot] = code + 1;
    }
}

}  // namespace

LookupTable::LookupTable(Column keys, std::pmr::memory_resource* resource, void (*poll)())
    : keys_(std::move(keys)), direct_(resource), slots_(resource), entries_(resource) {
    if (keys_.type().isFloat())
        throw base::Error(base::ErrorKind::BadArgument, "a dimension's key is not a float");
    if (keys_.type().isInteger()) {
        const Range range = rangeOf(keys_);
        if (range.smallest > range.largest)
            return;  // no key at all
        const uint64_t width =
            static_cast<uint64_t>(range.largest) - static_cast<uint64_t>(range.smallest);
        if (width < std::max(kSlotsAnyway, kSlotsPerRow * keys_.size())) {
            smallest_ = range.smallest;
            direct_.resize(width + 1);
        }
    }
    if (direct_.empty())
        slots_.resize(std::bit_ceil(uint64_t{keys_.size()} * 2 + 2));
    for (uint32_t row = 0; row < keys_.size(); ++row) {
        pollAt(row, poll);
        if (!keys_.isNull(row))
            insert(row);
    }
}

void LookupTable::insert(uint32_t row) {
    if (find(keys_, row) != kNoRow) {
        duplicates_ = true;
        return;
    }
    if (!direct_.empty()) {
        direct_[static_cast<uint64_t>(keys_.integerAt(row)) - static_cast<uint64_t>(smallest_)] =
            row + 1;
        return;
    }
    uint64_t hash = 0;
    if (keys_.type().isInteger()) {
        hash = base::hashInteger(static_cast<uint64_t>(keys_.integerAt(row)));
    } else {
        const auto [data, size] = bytesOf(keys_, row);
        hash = base::hashBytes(data, size);
    }
    uint64_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != 0)
        slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = row + 1;
}

uint32_t LookupTable::findInteger(int64_t value) const {
    if (!direct_.empty()) {
        const uint64_t place = static_cast<uint64_t>(value) - static_cast<uint64_t>(smallest_);
        return place < direct_.size() ? direct_[place] - 1 : kNoRow;
    }
    if (slots_.empty())
        return kNoRow;
    uint64_t slot = base::hashInteger(static_cast<uint64_t>(value)) & (slots_.size() - 1);
    while (slots_[slot] != 0) {
        if (keys_.integerAt(slots_[slot] - 1) == value)
            return slots_[slot] - 1;
        slot = (slot + 1) & (slots_.size() - 1);
    }
    return kNoRow;
}

uint32_t LookupTable::findBytes(const void* data, size_t size) const {
    uint64_t slot = base::hashBytes(data, size) & (slots_.size() - 1);
    while (slots_[slot] != 0) {
        const auto [other, otherSize] = bytesOf(keys_, slots_[slot] - 1);
        if (otherSize == size && (size == 0 || std::memcmp(other, data, size) == 0))
            return slots_[slot] - 1;
        slot = (slot + 1) & (slots_.size() - 1);
    }
    return kNoRow;
}

uint32_t LookupTable::find(const Column& column, uint32_t row) const {
    if (column.isNull(row))
        return kNoRow;
    if (keys_.type().isInteger())
        return findInteger(column.integerAt(row));
    const auto [data, size] = bytesOf(column, row);
    return findBytes(data, size);
}

uint32_t LookupTable::partOf(const Column& column, uint32_t row, uint32_t parts) {
    if (column.isNull(row))
        return 0;
    uint64_t hash = 0;
    if (column.type().isInteger()) {
        hash = base::hashInteger(static_cast<uint64_t>(column.integerAt(row)));
    } else {
        const auto [data, size] = bytesOf(column, row);
        hash = base::hashBytes(data, size);
    }
    // Other bits than those that choose a slot.
    return static_cast<uint32_t>(hash >> 32) & (parts - 1);
}

// Neighbours often have one key: rows are sorted by customer.
template <class T>
void LookupTable::findFlat(const Column& column, const Selection& selection,
                           uint32_t* found) const {
    const T* values = column.values<T>();
    T last = 0;
    uint32_t lastFound = findInteger(0);
    for (uint32_t i = 0; i < selection.count(); ++i) {
        const uint32_t row = selection[i];
        if (values[row] != last) {
            last = values[row];
            lastFound = findInteger(last);
        }
        found[row] = lastFound;
    }
}

void LookupTable::find(const Block& keys, const Selection& selection, uint32_t* found) {
    std::fill(found, found + keys.rows, kNoRow);
    if (keys.shape == Block::Shape::Constant) {
        const uint32_t only = find(keys.values, 0);
        for (uint32_t i = 0; i < selection.count(); ++i)
            found[selection[i]] = only;
        return;
    }
    if (keys.shape == Block::Shape::Dictionary) {
        if (dictionary_ != keys.dictionaryId) {
            dictionary_ = keys.dictionaryId;
            entries_.clear();
        }
        // A dictionary may have grown since it was seen last.
        if (entries_.size() < keys.dictionary->size())
            entries_.resize(keys.dictionary->size(), kUnknown);
        for (uint32_t i = 0; i < selection.count(); ++i) {
            const uint32_t row = selection[i];
            const uint32_t code = keys.codes[row];
            if (code == vector::kNullCode)
                continue;
            if (entries_[code] == kUnknown)
                entries_[code] = find(*keys.dictionary, code);
            found[row] = entries_[code];
        }
        return;
    }
    if (keys_.type().isInteger() && keys.values.nullCount() == 0) {
        if (keys.values.type().kind == Kind::Int64)
            return findFlat<int64_t>(keys.values, selection, found);
        if (keys.values.type().kind == Kind::Int32)
            return findFlat<int32_t>(keys.values, selection, found);
    }
    for (uint32_t i = 0; i < selection.count(); ++i)
        found[selection[i]] = find(keys.values, selection[i]);
}

LookedUpColumn::LookedUpColumn(const Column& values, std::pmr::memory_resource* resource,
                               void (*poll)())
    : entries_(values.type(), resource),
      codes_(resource),
      dictionary_(encoding::nextDictionaryId()) {
    std::pmr::vector<uint32_t> slots(kSlotsAnyway, 0, resource);
    codes_.resize(values.size(), vector::kNullCode);
    for (uint32_t row = 0; row < values.size(); ++row) {
        pollAt(row, poll);
        if (!values.isNull(row))
            codes_[row] = codeOf(values, row, slots);
    }
}

LookedUpColumn::LookedUpColumn(const LookupTable& table, std::pmr::memory_resource* resource)
    : keys_(&table.keys()),
      entries_(table.keys().type(), resource),
      codes_(resource),
      dictionary_(encoding::nextDictionaryId()) {}

uint32_t LookedUpColumn::codeOf(const Column& values, uint32_t row,
                                std::pmr::vector<uint32_t>& slots) {
    const auto [data, size] = bytesOf(values, row);
    uint64_t slot = base::hashBytes(data, size) & (slots.size() - 1);
    while (slots[slot] != 0) {
        const uint32_t code = slots[slot] - 1;
        const auto [known, knownSize] = bytesOf(entries_, code);
        if (knownSize == size && (size == 0 || std::memcmp(known, data, size) == 0))
            return code;
        slot = (slot + 1) & (slots.size() - 1);
    }
    const uint32_t fresh = entries_.size();
    entries_.appendFrom(values, row);
    slots[slot] = fresh + 1;
    if (entries_.size() * uint64_t{2} > slots.size())
        growSlots(slots, entries_);
    return fresh;
}

void LookedUpColumn::read(const uint32_t* found, uint32_t rows, Block& out) const {
    out.shape = Block::Shape::Dictionary;
    out.rows = rows;
    out.dictionary = keys_ != nullptr ? keys_ : &entries_;
    out.dictionaryId = dictionary_;
    out.codes.resize(rows);
    for (uint32_t row = 0; row < rows; ++row) {
        if (found[row] == kNoRow)
            out.codes[row] = vector::kNullCode;
        else
            out.codes[row] = keys_ != nullptr ? found[row] : codes_[found[row]];
    }
}

}  // namespace footfall::scan
