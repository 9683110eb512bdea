// Conditions that are all of one column, such as the names of a funnel's events, by the codes of
// its dictionary.
//
// The idea: what an entry of a dictionary meets is asked once for each, so a row costs one look-up
// for all conditions together. Conditions that may fail are left out: entries are asked that no row
// may have.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/scan/batch.h"
#include "engine/scan/evaluator.h"
#include "engine/scan/expression.h"

namespace footfall::behavior {

class ConditionCodes {
  public:
    // At most 32 conditions; they and the evaluator live longer.
    ConditionCodes(std::span<const scan::Expression* const> conditions, scan::Evaluator& evaluator,
                   std::pmr::memory_resource* resource);

    // met[row] becomes the set of conditions that the row meets, for all selected rows; NULL is not
    // met. False where this is not the way, met untouched.
    bool read(scan::Batch& batch, const scan::Selection& selection, uint32_t* met);

  private:
    static constexpr uint32_t kMostEntries = scan::kBatchRows - 1;

    // NULL, then the entries of the dictionary, as the column.
    class Entries final : public scan::Batch {
      public:
        explicit Entries(std::pmr::memory_resource* resource) : block_(resource) {}
        void show(const vector::Column& dictionary);
        const vector::Block& column(uint32_t /*index*/) override { return block_; }

      private:
        vector::Block block_;
    };

    void ask(const vector::Block& block);

    std::span<const scan::Expression* const> conditions_;
    scan::Evaluator& evaluator_;
    const scan::Expression* column_ = nullptr;  // nullptr: they are not of one column
    Entries entries_;
    uint64_t dictionary_ = 0;
    std::pmr::vector<uint32_t> met_;  // by code + 1
};

}  // namespace footfall::behavior
