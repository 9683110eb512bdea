// Can rows of one moment serve a run of steps, each step its own row? (window_funnel, strict_once)
//
// A bipartite matching by augmenting paths. Of rows that meet the same steps no more copies are
// kept than there are steps, so a moment with a million rows costs no more than the different rows
// in it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/behavior/step_event.h"

namespace footfall::behavior {

class RowMatching {
  public:
    // `rows` are sorted.
    RowMatching(std::span<const StepEvent> rows, uint32_t steps);

    // True when the steps first..last can be given to different rows, where `last` may only take
    // one of the first `lastRows` rows that meet it.
    bool canServe(uint32_t first, uint32_t last, uint32_t lastRows);

  private:
    bool give(uint32_t step);
    bool meets(size_t row, uint32_t step) const;

    static constexpr uint32_t kFree = UINT32_MAX;
    std::vector<uint32_t> rows_;
    std::vector<uint32_t> servedStep_;  // per row
    std::vector<uint8_t> visited_;      // per row, within one augmentation
    uint32_t last_ = 0;
    size_t lastEnd_ = 0;  // rows from here on may not take step last_
};

}  // namespace footfall::behavior
