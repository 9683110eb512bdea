// Groups 0, 1, ... by their keys.
//
// Dense: when every key column is Interned and few codes are known, the codes side by side are an
// index into a table of groups; a row costs a few loads. Hashed: words of all columns, and one of
// NULL bits, in open addressing; a row whose words are those of the row before costs a comparison.
//
// -0 and 0 are one key. A group shows the sign of the row that made it, as in PostgreSQL, so one of
// -0 alone shows -0: such groups are noted beside the table.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/aggregate/key_column.h"
#include "engine/base/buffer.h"
#include "engine/scan/batch.h"

namespace footfall::aggregate {

class GroupTable {
  public:
    GroupTable(std::span<const vector::ColumnType> types, std::pmr::memory_resource* resource);

    uint32_t groups() const noexcept { return groups_; }
    // groups[row] for the selected rows, not of none; new keys make new groups.
    void find(std::span<const vector::Block* const> keys, const scan::Selection& selection,
              uint32_t* groups);
    uint32_t findOne(std::span<const Value> keys);

    Value key(uint32_t group, uint32_t key) const noexcept;
    // The same for equal keys in every table.
    uint64_t hashOf(uint32_t group) const noexcept;

  private:
    static constexpr uint32_t kMostDenseBits = 18;
    static constexpr uint32_t kMaskedKeys = 64;

    size_t wordCount() const noexcept { return columns_.size() + 1; }
    const uint64_t* wordsOf(uint32_t group) const noexcept {
        return words_.data() + group * wordCount();
    }
    bool prepareColumns(std::span<const vector::Block* const> keys);
    void convert(size_t column);
    bool findDense(std::span<const vector::Block* const> keys, const scan::Selection& selection,
                   uint32_t* groups);
    void findHashed(std::span<const vector::Block* const> keys, const scan::Selection& selection,
                    uint32_t* groups);
    template <size_t kWords>
    void probe(const uint64_t* const* words, const scan::Selection& selection, uint32_t* groups);
    // Whether codes had to get more bits; leaves dense mode when they need too many.
    bool widenDense();
    void rebuildDense();
    void rebuildHashed();
    uint32_t add(const uint64_t* words);
    uint32_t findWords(const uint64_t* words);
    // Notes -0 in the keys of groups from `first` on, which these rows made.
    void noteNegativeZeros(std::span<const vector::Block* const> keys,
                           const scan::Selection& selection, const uint32_t* groups,
                           uint32_t first);
    bool showsNegativeZero(uint32_t group, uint32_t key) const noexcept;
    uint64_t hashWords(const uint64_t* words) const noexcept;

    std::pmr::vector<KeyColumn> columns_;
    uint32_t groups_ = 0;
    std::pmr::vector<uint64_t> words_;  // of the groups
    // Groups with -0 among their keys, ascending, and which keys those are.
    struct NegativeZeros {
        uint32_t group;
        uint64_t keys;
    };
    std::pmr::vector<NegativeZeros> negativeZeros_;
    bool floats_ = false;  // whether a key is a float
    bool dense_ = true;
    bool first_ = true;
    std::pmr::vector<uint32_t> denseTable_;  // group + 1 by codes
    std::pmr::vector<uint32_t> shifts_;      // of each column's code
    std::pmr::vector<uint32_t> bits_;        // of each column's code
    std::pmr::vector<uint64_t> slots_;       // upper half: hash, lower: group + 1
    std::pmr::vector<uint64_t> scratch_;     // words of a batch, column by column, then the mask
    bool maskDirty_ = false;
};

}  // namespace footfall::aggregate
