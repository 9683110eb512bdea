// One GROUP BY column: its values as codes.
//
// Interned: small numbers from an Interner, 0 for NULL; entries of a dictionary are interned once
// each. Direct: the value's own bits, NULL told by a mask. Integers and floats that arrive flat are
// Direct, or become so when they turn out to be many; everything else stays Interned.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "engine/aggregate/aggregate_spec.h"
#include "engine/aggregate/interner.h"
#include "engine/scan/batch.h"
#include "engine/scan/row_mask.h"
#include "engine/vector/block.h"

namespace footfall::aggregate {

class KeyColumn {
  public:
    KeyColumn(vector::ColumnType type, std::pmr::memory_resource* resource);

    vector::ColumnType type() const noexcept { return type_; }
    bool interned() const noexcept { return interned_; }
    uint32_t interns() const noexcept { return interner_.size(); }
    // Whether a block like this had better be taken Direct from now on.
    bool prefersDirect(const vector::Block& block, bool first) const noexcept;
    // Whether the type's values fit into words.
    bool canBeDirect() const noexcept { return interner_.byBits() && type_.width > 1; }
    void makeDirect() noexcept { interned_ = false; }

    // Interned: codes[row] += code << shift, or with `assign` = code << shift; selected rows.
    void addCodes(const vector::Block& block, const scan::Selection& selection, uint32_t shift,
                  bool assign, uint32_t* codes);
    // The codes of selected rows as words: in `scratch`, or where they already are. Direct: NULL
    // rows get bit `bit` in their word of `mask`; whether any was set.
    const uint64_t* words(const vector::Block& block, const scan::Selection& selection,
                          uint64_t* scratch, uint64_t* mask, uint32_t bit, bool& masked);

    // A single value's word, and back. `null` for Direct.
    uint64_t wordOf(const Value& value);
    Value valueOf(uint64_t word, bool null) const noexcept;
    uint64_t bitsOfCode(uint64_t code) const noexcept {
        return interner_.bitsOf(static_cast<uint32_t>(code));
    }

  private:
    const uint32_t* translate(const vector::Block& block, const scan::Selection& selection);
    template <class T>
    void direct(const vector::Block& block, const scan::Selection& selection, uint64_t* out);

    vector::ColumnType type_;
    bool interned_ = true;
    Interner interner_;
    uint64_t dictionaryId_ = 0;
    std::pmr::vector<uint32_t> translation_;  // by code + 1
};

}  // namespace footfall::aggregate
