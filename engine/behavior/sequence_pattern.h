// The pattern of sequence_match, sequence_count and sequence_next.
//
//     (?N)        a row that meets condition N
//     .           any row (that meets a condition; others are invisible)
//     .*          any number of rows, also none
//     (?t<=S)     any number of rows, and S seconds at most from the row before to the row after;
//                 also <, >, >=, ==; several of them all hold
//
// Parsed, a pattern is a list of items, each a set of acceptable conditions and the gap that may
// lie between its row and the row of the item before it. `.*` at either end means nothing, because
// a match may begin and end anywhere. A time condition must stand between two rows and not next to
// `.*`, which it already implies.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace footfall::behavior {

constexpr uint32_t kMaxPatternItems = 256;

struct PatternItem {
    enum class Gap : uint8_t {
        None,   // the row right after that of the item before
        Rows,   // any number of rows between
        Timed,  // any number of rows between, atLeast <= elapsed <= atMost
    };

    uint32_t accepts;  // a row fits when it meets one of these conditions
    Gap gap;
    uint64_t atLeast;  // microseconds
    uint64_t atMost;
};

class SequencePattern {
  public:
    explicit SequencePattern(std::pmr::memory_resource* resource) : items_(resource) {}

    // Throws BadArgument, saying where, when `text` is no pattern over that many conditions.
    void parse(std::string_view text, uint32_t conditions);

    // The first item's gap means nothing.
    const std::pmr::vector<PatternItem>& items() const noexcept { return items_; }

  private:
    std::pmr::vector<PatternItem> items_;
};

}  // namespace footfall::behavior
