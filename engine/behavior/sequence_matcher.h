// Finds the matches of a pattern in a customer's rows, in one pass.
//
// The idea: for each item the matcher remembers when rows could have served it, at the end of a
// match of the items so far. Whether the next item can follow then depends on a few of these times
// only: none with Gap::None (was it the row before?) and Gap::Rows (was there any?), the latest
// where only atMost limits, the earliest where only atLeast does, and otherwise a queue whose front
// falls out of reach as time goes on. So a row costs a step an item, whatever the pattern.
//
// A match is complete with the first row that can end one; the next one is looked for behind it. By
// exchange of rows, this is also the match whose first row is the earliest.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "engine/behavior/sequence_pattern.h"

namespace footfall::behavior {

class SequenceMatcher {
  public:
    // `pattern` outlives the matcher, which takes its memory from where the pattern does.
    explicit SequenceMatcher(const SequencePattern& pattern);

    // Rows come in canonical order, those that meet no condition left out. True when the row
    // completes a match; the matcher then starts afresh.
    bool add(int64_t time, uint32_t steps);

  private:
    // Rows that ended a match of the items up to this one.
    struct Ends {
        explicit Ends(std::pmr::memory_resource* resource) : times(resource) {}

        uint64_t lastRow = 0;             // number of the latest such row; 0: none
        std::pmr::vector<int64_t> times;  // from `front` on: those a time condition may still reach
        size_t front = 0;
    };

    bool canFollow(size_t item, int64_t time);
    void remember(size_t item, int64_t time);
    static void forget(Ends& ends, size_t front);

    const std::pmr::vector<PatternItem>& items_;
    std::vector<Ends> ends_;
    uint64_t row_ = 0;
};

}  // namespace footfall::behavior
