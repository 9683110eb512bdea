// From blocks of arguments into states.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/aggregate/store.h"
#include "engine/scan/batch.h"
#include "engine/vector/block.h"

namespace footfall::aggregate {

// Which groups the selected rows belong to: one a row, and where it pays also as runs of rows that
// follow each other in the selection.
class Grouping {
  public:
    struct Run {
        uint32_t group;
        uint16_t begin;  // in the selection
        uint16_t end;
    };

    // groups[row] for every selected row; may be null when there is only group 0.
    Grouping(const uint32_t* groups, const scan::Selection& selection) noexcept
        : groups_(groups), selection_(selection) {}

    const scan::Selection& selection() const noexcept { return selection_; }
    const uint32_t* groups() const noexcept { return groups_; }
    // Empty when rows are better taken one by one.
    std::span<const Run> runs() const noexcept {
        if (!searched_)
            findRuns();
        return {runs_.data(), count_};
    }

  private:
    static constexpr uint32_t kMostRuns = scan::kBatchRows / 4;

    const uint32_t* groups_;
    const scan::Selection& selection_;
    void findRuns() const noexcept;

    // Found when first asked for: not every aggregate does.
    mutable bool searched_ = false;
    mutable uint32_t count_ = 0;
    mutable std::array<Run, kMostRuns> runs_;
};

// Buffers for accumulate(), kept from batch to batch.
struct Scratch {
    explicit Scratch(std::pmr::memory_resource* resource) : left(resource), right(resource) {}
    base::Buffer left;
    base::Buffer right;
};

// Adds the grouping's rows; the arguments (`second` only for Regression, none for count(*)) are not
// NULL there.
void accumulate(Store& store, const Field& field, const vector::Block* argument,
                const vector::Block* second, const Grouping& grouping, Scratch& scratch);

}  // namespace footfall::aggregate
