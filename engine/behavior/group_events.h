// The events of many groups at once, as they come out of rows sorted by customer.
//
// The idea: events are appended as the rows come, and a run says how many in a row are one group's.
// Rows sorted by customer mostly bring groups in rising order, and then the events lie group by
// group as they came; otherwise sort() brings those of a group together by counting. Rows of
// compacted segments come in time order, too, so each group's events mostly are in canonical order
// by then; the others are sorted.
//
// Memory: arrays over a memory resource, kept when clear() forgets the events: an event's own bytes
// and a few for each run, the events twice where groups came out of order. More than `limit` bytes
// are OutOfMemory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/behavior/event_array.h"

namespace footfall::behavior {

template <class Event>
class GroupEvents {
  public:
    GroupEvents(size_t limit, std::pmr::memory_resource* resource)
        : limit_(limit), events_(resource), sorted_(resource), runs_(resource), ends_(resource) {}

    void append(uint32_t group, const Event& event) {
        if (group != group_ || events_.size() - runBegin_ == UINT32_MAX)
            startRun(group);
        if (events_.full())
            events_.grow(leftForEvents());
        events_.append(event);
    }
    // No more events come, of groups 0 to `groups` - 1.
    void sort(uint32_t groups) {
        endRun();
        ends_.assign(size_t{groups} + 1, 0);
        for (const Run& run : runs())
            ends_[run.group + 1] += run.events;
        for (uint32_t group = 0; group < groups; ++group)
            ends_[group + 1] += ends_[group];
        ordered_ = events_.data();
        if (!rising_)
            gather();
    }
    // The group's events in canonical order; after sort().
    std::span<const Event> of(uint32_t group) {
        Event* first = ordered_ + ends_[group];
        Event* end = ordered_ + ends_[group + 1];
        sortRest(first, std::is_sorted_until(first, end), end);
        return {first, end};
    }
    size_t size() const noexcept { return events_.size(); }
    // So many events there can be for certain.
    size_t most() const noexcept { return limit_ / (2 * sizeof(Event) + sizeof(Run)); }
    // Forgets all but the first `count` events of each group; more may come.
    void keepFirst(size_t count) {
        endRun();
        uint32_t groups = 0;
        for (const Run& run : runs())
            groups = std::max(groups, run.group + 1);
        sort(groups);
        if (!rising_)
            events_.swap(sorted_);
        runs_.setSize(0);
        size_t kept = 0;
        for (uint32_t group = 0; group < groups; ++group) {
            const std::span<const Event> events = of(group);
            const size_t stay = std::min(count, events.size());
            if (stay == 0)
                continue;
            // To the front of where it lies, so nothing that is still to come is overwritten.
            std::memmove(static_cast<void*>(events_.data() + kept), events.data(),
                         stay * sizeof(Event));
            kept += stay;
            putRun({group, static_cast<uint32_t>(stay)});
        }
        events_.setSize(kept);
        sorted_.setSize(0);
        startAnew(kept);
    }
    void clear() noexcept {
        events_.setSize(0);
        sorted_.setSize(0);
        runs_.setSize(0);
        startAnew(0);
    }

  private:
    // Events in a row of one group.
    struct Run {
        uint32_t group;
        uint32_t events;
    };
    static constexpr uint32_t kNoGroup = UINT32_MAX;

    std::span<const Run> runs() const noexcept { return {runs_.data(), runs_.size()}; }
    void startRun(uint32_t group) {
        endRun();
        rising_ = rising_ && (runs_.empty() || group >= runs_.data()[runs_.size() - 1].group);
        group_ = group;
    }
    // What came since the last run is one.
    void endRun() {
        if (events_.size() != runBegin_)
            putRun({group_, static_cast<uint32_t>(events_.size() - runBegin_)});
        runBegin_ = events_.size();
        group_ = kNoGroup;
    }
    void putRun(const Run& run) {
        if (runs_.full())
            runs_.grow(limit_ - std::min(limit_, events_.bytes() + sorted_.bytes()));
        runs_.append(run);
    }
    void startAnew(size_t size) noexcept {
        rising_ = true;
        group_ = kNoGroup;
        runBegin_ = size;
    }
    // Out of order, the events are in memory twice in the end.
    size_t leftForEvents() const noexcept {
        const size_t left = limit_ - std::min(limit_, runs_.bytes());
        return rising_ ? left - std::min(left, sorted_.bytes()) : left / 2;
    }
    void gather() {
        sorted_.reserve(events_.size(), limit_ - std::min(limit_, events_.bytes() + runs_.bytes()));
        sorted_.setSize(events_.size());
        const Event* from = events_.data();
        for (const Run& run : runs()) {
            std::memcpy(static_cast<void*>(sorted_.data() + ends_[run.group]), from,
                        run.events * sizeof(Event));
            ends_[run.group] += run.events;
            from += run.events;
        }
        // Each is now where the next group begins.
        std::copy_backward(ends_.begin(), ends_.end() - 1, ends_.end());
        ends_[0] = 0;
        ordered_ = sorted_.data();
    }

    // What comes before `next` is sorted. A few events out of place, equal times mostly, are put in
    // place one by one; a customer may have millions that are not.
    static void sortRest(Event* first, Event* next, Event* end) {
        auto moves = static_cast<size_t>(end - first);
        for (; next < end; ++next) {
            if (!(*next < next[-1]))
                continue;
            Event* place = std::upper_bound(first, next, *next);
            const auto distance = static_cast<size_t>(next - place);
            if (distance > moves)
                return std::sort(first, end);
            moves -= distance;
            std::rotate(place, next, next + 1);
        }
    }

    size_t limit_;
    EventArray<Event> events_;  // as they came
    EventArray<Event> sorted_;  // by group, where they did not come so
    EventArray<Run> runs_;
    std::pmr::vector<size_t> ends_;  // of group g - 1, which is where g begins
    Event* ordered_ = nullptr;       // the one of both arrays that is by group
    size_t runBegin_ = 0;            // of the last run, which is not in runs_ yet
    uint32_t group_ = kNoGroup;      // the last run's
    bool rising_ = true;             // groups came in rising order
};

}  // namespace footfall::behavior
