#include "engine/aggregate/group_table.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/scan/operands.h"

namespace footfall::aggregate {

using scan::forSelected;
using scan::kBatchRows;
using scan::Selection;
using vector::Block;

GroupTable::GroupTable(std::span<const vector::ColumnType> types,
                       std::pmr::memory_resource* resource)
    : columns_(resource),
      words_(resource),
      negativeZeros_(resource),
      denseTable_(resource),
      shifts_(types.size(), resource),
      bits_(types.size(), 1, resource),
      slots_(resource),
      scratch_(resource) {
    if (types.size() > kMaskedKeys)
        base::throwBadArgument("more than %u keys", kMaskedKeys);
    columns_.reserve(types.size());
    for (const vector::ColumnType type : types) {
        columns_.emplace_back(type, resource);
        floats_ |= type.isFloat();
    }
    rebuildDense();
    if (types.empty()) {
        const uint64_t none = 0;
        add(&none);
    }
}

// ---------------------------------------------------------------- how keys become words

// Whether all columns are still Interned.
bool GroupTable::prepareColumns(std::span<const Block* const> keys) {
    bool interned = true;
    for (size_t i = 0; i < keys.size(); ++i) {
        if (columns_[i].prefersDirect(*keys[i], first_))
            convert(i);
        interned &= columns_[i].interned();
    }
    first_ = false;
    return interned;
}

void GroupTable::convert(size_t column) {
    const size_t count = wordCount();
    for (uint32_t group = 0; group < groups_; ++group) {
        uint64_t* words = words_.data() + group * count;
        if (words[column] == 0)
            words[count - 1] |= uint64_t{1} << column;
        else
            words[column] = columns_[column].bitsOfCode(words[column]);
    }
    columns_[column].makeDirect();
    dense_ = false;
    rebuildHashed();
}

uint32_t GroupTable::add(const uint64_t* words) {
    if (groups_ == UINT32_MAX - 1)
        base::throwUnsupported("more than %u groups", UINT32_MAX - 1);
    words_.insert(words_.end(), words, words + wordCount());
    return groups_++;
}

Value GroupTable::key(uint32_t group, uint32_t key) const noexcept {
    const uint64_t* words = wordsOf(group);
    Value value = columns_[key].valueOf(words[key], (words[columns_.size()] >> key & 1) != 0);
    if (!negativeZeros_.empty() && showsNegativeZero(group, key))
        value.real = -0.0;
    return value;
}

void GroupTable::noteNegativeZeros(std::span<const Block* const> keys, const Selection& selection,
                                   const uint32_t* groups, uint32_t first) {
    // Groups are numbered in the order of the rows that made them.
    uint32_t next = first;
    forSelected(selection, [&](uint32_t row) {
        if (groups[row] != next)
            return;
        uint64_t negative = 0;
        for (size_t i = 0; i < keys.size(); ++i) {
            const Block& block = *keys[i];
            if (!columns_[i].type().isFloat() || block.isNull(row))
                continue;
            const double value = block.holder().floatAt(block.holderRow(row));
            if (value == 0 && std::signbit(value))
                negative |= uint64_t{1} << i;
        }
        if (negative != 0)
            negativeZeros_.push_back({next, negative});
        ++next;
    });
}

bool GroupTable::showsNegativeZero(uint32_t group, uint32_t key) const noexcept {
    const auto found = std::ranges::lower_bound(negativeZeros_, group, {}, &NegativeZeros::group);
    return found != negativeZeros_.end() && found->group == group && (found->keys >> key & 1) != 0;
}

uint64_t GroupTable::hashOf(uint32_t group) const noexcept {
    uint64_t hash = 0;
    for (uint32_t i = 0; i < columns_.size(); ++i) {
        const Value value = key(group, i);
        uint64_t part = 1;
        if (!value.null) {
            const vector::ColumnType type = columns_[i].type();
            if (type.isInteger())
                part = base::hashInteger(static_cast<uint64_t>(value.integer));
            else if (type.isFloat())
                part = base::hashInteger(groupingBits(value.real));
            else
                part = base::hashBytes(value.bytes.data(), value.bytes.size());
        }
        hash = base::hashInteger(hash * 31 + part);
    }
    return hash;
}

// ---------------------------------------------------------------- finding

void GroupTable::find(std::span<const Block* const> keys, const Selection& selection,
                      uint32_t* groups) {
    if (columns_.empty()) {
        forSelected(selection, [&](uint32_t row) { groups[row] = 0; });
        return;
    }
    if (!prepareColumns(keys) && dense_) {
        dense_ = false;
        rebuildHashed();
    }
    const uint32_t before = groups_;
    bool found = false;
    while (dense_ && !found)
        found = findDense(keys, selection, groups);
    if (!found)
        findHashed(keys, selection, groups);
    if (floats_ && groups_ > before)
        noteNegativeZeros(keys, selection, groups, before);
}

// False when the table had to be laid out anew.
bool GroupTable::findDense(std::span<const Block* const> keys, const Selection& selection,
                           uint32_t* __restrict groups) {
    for (size_t i = 0; i < keys.size(); ++i)
        columns_[i].addCodes(*keys[i], selection, shifts_[i], i == 0, groups);
    if (widenDense())
        return false;
    uint32_t* table = denseTable_.data();
    uint32_t lowest = UINT32_MAX;
    forSelected(selection, [&](uint32_t row) {
        const uint32_t group = table[groups[row]];
        lowest = std::min(lowest, group);
    });
    if (lowest == 0) {
        std::array<uint64_t, kMaskedKeys + 1> words;
        forSelected(selection, [&](uint32_t row) {
            uint32_t& group = table[groups[row]];
            if (group != 0)
                return;
            for (size_t i = 0; i < columns_.size(); ++i)
                words[i] = groups[row] >> shifts_[i] & ((1U << bits_[i]) - 1);
            words[columns_.size()] = 0;
            group = add(words.data()) + 1;
        });
    }
    forSelected(selection, [&](uint32_t row) { groups[row] = table[groups[row]] - 1; });
    return true;
}

bool GroupTable::widenDense() {
    bool fits = true;
    uint32_t total = 0;
    for (size_t i = 0; i < columns_.size(); ++i) {
        const auto needed = static_cast<uint32_t>(std::bit_width(columns_[i].interns()));
        if (needed > bits_[i]) {
            bits_[i] = needed;
            fits = false;
        }
        total += bits_[i];
    }
    if (fits)
        return false;
    if (total > kMostDenseBits) {
        dense_ = false;
        rebuildHashed();
    } else {
        rebuildDense();
    }
    return true;
}

void GroupTable::rebuildDense() {
    uint32_t total = 0;
    for (size_t i = 0; i < columns_.size(); ++i) {
        shifts_[i] = total;
        total += bits_[i];
    }
    if (total > kMostDenseBits) {
        dense_ = false;
        return rebuildHashed();
    }
    denseTable_.assign(size_t{1} << total, 0);
    for (uint32_t group = 0; group < groups_; ++group) {
        size_t at = 0;
        for (size_t i = 0; i < columns_.size(); ++i)
            at += wordsOf(group)[i] << shifts_[i];
        denseTable_[at] = group + 1;
    }
}

uint64_t GroupTable::hashWords(const uint64_t* words) const noexcept {
    uint64_t hash = 0;
    for (size_t i = 0; i < wordCount(); ++i)
        hash = (std::rotl(hash, 23) ^ words[i]) * 0x9e3779b97f4a7c15ULL;
    return hash ^ hash >> 32;
}

void GroupTable::rebuildHashed() {
    size_t size = 1024;
    while (size < size_t{groups_} * 4)
        size *= 2;
    denseTable_.clear();
    denseTable_.shrink_to_fit();
    slots_.assign(size, 0);
    for (uint32_t group = 0; group < groups_; ++group) {
        const uint64_t hash = hashWords(wordsOf(group));
        size_t at = hash & (size - 1);
        while (slots_[at] != 0)
            at = (at + 1) & (size - 1);
        slots_[at] = (hash & 0xffffffff00000000ULL) | (group + 1);
    }
}

uint32_t GroupTable::findWords(const uint64_t* words) {
    const uint64_t hash = hashWords(words);
    const size_t mask = slots_.size() - 1;
    size_t at = hash & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        if ((slots_[at] ^ hash) >> 32 != 0)
            continue;
        const uint32_t group = static_cast<uint32_t>(slots_[at]) - 1;
        if (std::equal(words, words + wordCount(), wordsOf(group)))
            return group;
    }
    const uint32_t group = add(words);
    slots_[at] = (hash & 0xffffffff00000000ULL) | (group + 1);
    if (size_t{groups_} * 2 > slots_.size())
        rebuildHashed();
    return group;
}

template <size_t kWords>
void GroupTable::probe(const uint64_t* const* words, const Selection& selection,
                       uint32_t* __restrict groups) {
    const size_t count = kWords != 0 ? kWords : wordCount();
    std::array<uint64_t, kWords != 0 ? kWords : kMaskedKeys + 1> current{};
    uint32_t group = UINT32_MAX;
    forSelected(selection, [&](uint32_t row) {
        bool same = group != UINT32_MAX;
        for (size_t i = 0; i < count; ++i)
            same &= current[i] == words[i][row];
        if (!same) {
            for (size_t i = 0; i < count; ++i)
                current[i] = words[i][row];
            group = findWords(current.data());
        }
        groups[row] = group;
    });
}

void GroupTable::findHashed(std::span<const Block* const> keys, const Selection& selection,
                            uint32_t* groups) {
    const size_t count = wordCount();
    if (scratch_.empty())
        scratch_.assign(count * kBatchRows, 0);
    uint64_t* mask = scratch_.data() + (count - 1) * kBatchRows;
    if (maskDirty_)
        std::fill_n(mask, kBatchRows, 0);
    maskDirty_ = false;
    std::array<const uint64_t*, kMaskedKeys + 1> words;
    for (size_t i = 0; i < keys.size(); ++i) {
        bool masked = false;
        words[i] = columns_[i].words(*keys[i], selection, scratch_.data() + i * kBatchRows, mask,
                                     static_cast<uint32_t>(i), masked);
        maskDirty_ |= masked;
    }
    words[count - 1] = mask;
    switch (count) {
        case 2:
            return probe<2>(words.data(), selection, groups);
        case 3:
            return probe<3>(words.data(), selection, groups);
        default:
            return probe<0>(words.data(), selection, groups);
    }
}

uint32_t GroupTable::findOne(std::span<const Value> keys) {
    if (columns_.empty())
        return 0;
    std::array<uint64_t, kMaskedKeys + 1> words;
    words[columns_.size()] = 0;
    if (first_) {
        // States come in any number: numbers as they are.
        first_ = false;
        for (size_t i = 0; i < columns_.size(); ++i) {
            if (columns_[i].canBeDirect())
                convert(i);
        }
    }
    if (dense_) {
        dense_ = false;
        rebuildHashed();
    }
    for (size_t i = 0; i < columns_.size(); ++i) {
        words[i] = columns_[i].wordOf(keys[i]);
        if (keys[i].null && !columns_[i].interned())
            words[columns_.size()] |= uint64_t{1} << i;
    }
    const uint32_t before = groups_;
    const uint32_t group = findWords(words.data());
    if (floats_ && groups_ > before) {
        uint64_t negative = 0;
        for (size_t i = 0; i < columns_.size(); ++i) {
            if (columns_[i].type().isFloat() && !keys[i].null && keys[i].real == 0 &&
                std::signbit(keys[i].real))
                negative |= uint64_t{1} << i;
        }
        if (negative != 0)
            negativeZeros_.push_back({group, negative});
    }
    return group;
}

}  // namespace footfall::aggregate
