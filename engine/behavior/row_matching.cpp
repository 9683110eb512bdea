// Kuhn's algorithm on the rows of one moment; see row_matching.h.
#include "engine/behavior/row_matching.h"

namespace footfall::behavior {

RowMatching::RowMatching(std::span<const StepEvent> rows, uint32_t steps) {
    uint32_t copies = 0;
    for (const StepEvent& row : rows) {
        copies = !rows_.empty() && rows_.back() == row.steps ? copies + 1 : 1;
        if (row.steps != 0 && copies <= steps)
            rows_.push_back(row.steps);
    }
    servedStep_.resize(rows_.size());
    visited_.resize(rows_.size());
}

bool RowMatching::canServe(uint32_t first, uint32_t last, uint32_t lastRows) {
    last_ = last;
    lastEnd_ = 0;
    for (uint32_t seen = 0; lastEnd_ < rows_.size() && seen < lastRows; lastEnd_++)
        seen += rows_[lastEnd_] >> last & 1;
    std::ranges::fill(servedStep_, kFree);
    for (uint32_t step = first; step <= last; step++) {
        std::ranges::fill(visited_, uint8_t{0});
        if (!give(step))
            return false;
    }
    return true;
}

bool RowMatching::meets(size_t row, uint32_t step) const {
    return (rows_[row] >> step & 1) != 0 && (step != last_ || row < lastEnd_);
}

// Finds `step` a row, moving steps that have one to others where that helps. As deep as there are
// steps.
bool RowMatching::give(uint32_t step) {
    for (size_t row = 0; row < rows_.size(); row++) {
        if (visited_[row] != 0 || !meets(row, step))
            continue;
        visited_[row] = 1;
        if (servedStep_[row] == kFree || give(servedStep_[row])) {
            servedStep_[row] = step;
            return true;
        }
    }
    return false;
}

}  // namespace footfall::behavior
