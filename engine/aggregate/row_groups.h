// Which group each selected row of a batch belongs to: by runs of rows where the key is stored so,
// and row by row for who asks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/scan/batch.h"

namespace footfall::aggregate {

class RowGroups {
  public:
    explicit RowGroups(std::pmr::memory_resource* resource)
        : ofRows_(scan::kBatchRows, 0, resource),
          ofRuns_(scan::kBatchRows, 0, resource),
          begins_(scan::kBatchRows, 0, resource),
          ends_(scan::kBatchRows, 0, resource) {}

    // By row; only those of selected rows mean something.
    const uint32_t* ofRows() noexcept {
        for (; filled_ < runs_; ++filled_) {
            std::fill(ofRows_.data() + begins_[filled_], ofRows_.data() + ends_[filled_],
                      ofRuns_[filled_]);
        }
        return ofRows_.data();
    }
    // The groups of all selected rows and no others, each of them once or more; empty where they
    // are known row by row only.
    std::span<const uint32_t> ofRuns() const noexcept { return {ofRuns_.data(), runs_}; }

    // A new batch, whose selected rows' groups are written by the caller;
    uint32_t* rows() noexcept {
        runs_ = filled_ = 0;
        return ofRows_.data();
    }
    // or which are told run by run after this.
    void startRuns() noexcept { runs_ = filled_ = 0; }
    void addRun(uint16_t begin, uint16_t end, uint32_t group) noexcept {
        begins_[runs_] = begin;
        ends_[runs_] = end;
        ofRuns_[runs_++] = group;
    }

  private:
    std::pmr::vector<uint32_t> ofRows_;
    std::pmr::vector<uint32_t> ofRuns_;
    std::pmr::vector<uint16_t> begins_;
    std::pmr::vector<uint16_t> ends_;
    uint32_t runs_ = 0;
    uint32_t filled_ = 0;  // of the runs, those that stand in ofRows_
};

}  // namespace footfall::aggregate
