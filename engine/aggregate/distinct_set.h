// Which values a DISTINCT aggregate has seen in which group.
//
// A pair is one word as long as groups and value codes are small, two afterwards. Rows often come
// sorted so that the value of the row before, in the same group, comes again: each group remembers
// its last value.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "engine/base/hash.h"

namespace footfall::aggregate {

class DistinctSet {
  public:
    explicit DistinctSet(std::pmr::memory_resource* resource)
        : slots_(kFirstSlots, 0, resource), wide_(resource), last_(resource) {}

    // Whether the value is new to the group.
    bool insert(uint32_t group, uint64_t value) {
        if (group < last_.size() && last_[group] == value && value != 0)
            return false;
        return insertSlow(group, value);
    }

    struct Pair {
        uint64_t value;
        uint32_t group;
        bool used;
    };
    // All pairs, group by group.
    void sorted(std::pmr::vector<Pair>& out) const;

  private:
    static constexpr size_t kFirstSlots = 256;
    static constexpr uint32_t kValueBits = 40;

    bool insertSlow(uint32_t group, uint64_t value);
    bool insertNarrow(uint64_t word);
    bool insertWide(uint32_t group, uint64_t value);
    void widen();

    std::pmr::vector<uint64_t> slots_;  // group << 40 | value + 1; 0: free
    std::pmr::vector<Pair> wide_;       // once a pair did not fit
    size_t size_ = 0;
    std::pmr::vector<uint64_t> last_;  // by group; 0 tells nothing
};

}  // namespace footfall::aggregate
