// How far a customer came through a funnel: the longest prefix of the steps that happened in order
// within a window of the first of them.
//
// The idea: for every step the matcher keeps the latest start of a chain that has come this far. A
// later start admits everything that an earlier one does, so nothing else has to be remembered, and
// one pass over the events in time order is exact. Events of one moment are handed over together:
//   default              in step order, one row may serve several steps
//   strictIncrease       each step strictly later than the one before: a moment's events build on
//                        chains that existed before it
//   strictOnce           one row serves one step of a chain: a moment's steps need different rows
//   strictOrder          a row that meets no step, or a step before its turn, ends the scan once a
//                        chain has begun
//   strictDeduplication  a step (not the first) that was reached already ends the scan
//   exclusion            the last condition is no step: it ends the chains that are under way
//                        (DropOff) or takes the customer out of the funnel (Customer)
// docs/reference/window_funnel.md has the truth table.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/behavior/row_matching.h"
#include "engine/behavior/step_event.h"

namespace footfall::behavior {

enum class Exclusion : uint8_t { None = 0, DropOff = 1, Customer = 2 };

struct FunnelModes {
    bool strictOrder = false;
    bool strictDeduplication = false;
    bool strictIncrease = false;
    bool strictOnce = false;
    Exclusion exclusion = Exclusion::None;

    friend bool operator==(const FunnelModes&, const FunnelModes&) = default;
};

struct FunnelShape {
    uint64_t window = 0;      // microseconds, inclusive
    uint32_t conditions = 0;  // the excluded one counts
    FunnelModes modes;

    uint32_t steps() const noexcept {
        return conditions - (modes.exclusion == Exclusion::None ? 0 : 1);
    }
    friend bool operator==(const FunnelShape&, const FunnelShape&) = default;
};

// Throws BadArgument, naming what is wrong, when the shape cannot be a funnel.
void checkFunnelShape(const FunnelShape& shape);

class FunnelMatcher {
  public:
    FunnelMatcher(const FunnelShape& shape, bool withTimes) noexcept
        : shape_(shape), withTimes_(withTimes) {}

    // The events of one moment, sorted; moments come in time order. Returns false when nothing that
    // follows can change the answer.
    bool add(std::span<const StepEvent> moment);
    // All events of a group, in canonical order.
    void addAll(std::span<const StepEvent> events);

    uint32_t level() const noexcept { return level_; }
    // An excluded event came while a chain was under way, and takes the customer out.
    bool customerExcluded() const noexcept { return customerExcluded_; }
    // When the steps were reached: by the chain that first came to level(), of several at that
    // moment the one that began last. Only when made withTimes.
    std::span<const int64_t> times() const noexcept { return {bestTimes_.data(), level_}; }

  private:
    static constexpr uint32_t kNoSource = UINT32_MAX;
    static constexpr uint32_t kAllRows = UINT32_MAX;
    using Times = std::array<int64_t, kMaxSteps>;

    bool reached(uint32_t step) const noexcept { return (reached_ >> step & 1) != 0; }
    bool ends(uint32_t step) const noexcept;
    bool addInStepOrder(std::span<const StepEvent> moment, uint32_t met);
    bool addAtOnce(std::span<const StepEvent> moment, uint32_t met);
    uint32_t findServed(uint32_t step, uint32_t from, uint32_t rows, RowMatching* matching,
                        int64_t time) const;
    void advance(uint32_t step, uint32_t firstServed, int64_t time);
    bool addExcluded(int64_t time);

    FunnelShape shape_;
    bool withTimes_;
    bool customerExcluded_ = false;
    uint32_t reached_ = 0;                   // steps that a chain has come to
    uint32_t touched_ = 0;                   // these, and those the moment at hand adds
    uint32_t level_ = 0;                     // the most steps that were ever reached
    std::array<int64_t, kMaxSteps> starts_;  // of the reached steps: latest start of such a chain
    std::array<Times, kMaxSteps> times_;     // of the reached steps: when that chain came to each
    Times bestTimes_;
};

// What the aggregate keeps of a group.
class FunnelState {
  public:
    explicit FunnelState(std::pmr::memory_resource* resource) noexcept : events_(resource) {}

    // The first shape is checked and kept; another one in the same group throws BadArgument.
    void setShape(const FunnelShape& shape);
    const FunnelShape& shape() const noexcept { return shape_; }
    // Rows that meet nothing matter to strictOrder alone.
    bool wants(uint32_t steps) const noexcept { return steps != 0 || shape_.modes.strictOrder; }
    StepEvents& events() noexcept { return events_; }
    size_t bytes() const noexcept { return events_.bytes(); }
    void release() noexcept { events_.release(); }

    void pack(base::ByteWriter& writer);
    // Adds a packed state.
    void unpack(base::ByteReader& reader, size_t limit);

    FunnelMatcher match(bool withTimes);

  private:
    FunnelShape shape_;  // no conditions: not set yet
    StepEvents events_;
};

}  // namespace footfall::behavior
