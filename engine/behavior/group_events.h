// The events of many groups at once, as they come out of rows sorted by customer.
//
// The idea: events are appended as the rows come, each with the number of its group; sort() brings
// those of a group together by counting, without moving anything that is in order within a group
// already. Rows of compacted segments come in time order, so each group's events mostly are in
// canonical order by then; the others are sorted.
//
// Memory: two arrays over a memory resource, kept when clear() forgets the events. More than
// `limit` bytes are OutOfMemory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/base/error.h"

namespace footfall::behavior {

template <class Event>
class GroupEvents {
  public:
    GroupEvents(size_t limit, std::pmr::memory_resource* resource)
        : limit_(limit), arrived_(resource), sorted_(resource), ends_(resource) {}

    void append(uint32_t group, const Event& event) {
        if (arrived_.size() == arrived_.capacity())
            grow();
        arrived_.push_back({event, group});
    }
    // No more events come, of groups 0 to `groups` - 1.
    void sort(uint32_t groups) {
        ends_.assign(size_t{groups} + 1, 0);
        for (const Arrived& one : arrived_)
            ++ends_[one.group + 1];
        for (uint32_t group = 0; group < groups; ++group)
            ends_[group + 1] += ends_[group];
        // ends_[g] runs from the begin of group g to its end, which is where g + 1 begins.
        sorted_.resize(arrived_.size());
        for (const Arrived& one : arrived_)
            sorted_[ends_[one.group]++] = one.event;
    }
    // The group's events in canonical order; after sort().
    std::span<const Event> of(uint32_t group) {
        const size_t begin = group == 0 ? 0 : ends_[group - 1];
        Event* first = sorted_.data() + begin;
        Event* end = sorted_.data() + ends_[group];
        sortRest(first, std::is_sorted_until(first, end), end);
        return {first, end};
    }
    size_t size() const noexcept { return arrived_.size(); }
    // Forgets all but the first `count` events of each group; more may come.
    void keepFirst(size_t count) {
        uint32_t groups = 0;
        for (const Arrived& one : arrived_)
            groups = std::max(groups, one.group + 1);
        sort(groups);
        arrived_.clear();
        for (uint32_t group = 0; group < groups; ++group) {
            const std::span<const Event> events = of(group);
            for (const Event& event : events.first(std::min(count, events.size())))
                arrived_.push_back({event, group});
        }
        sorted_.clear();
    }
    void clear() noexcept {
        arrived_.clear();
        sorted_.clear();
    }

  private:
    struct Arrived {
        Event event;
        uint32_t group;
    };
    static constexpr size_t kFirst = 4096;

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

    void grow() {
        // Both arrays, and the old one while it is copied.
        const size_t wanted = std::max(kFirst, arrived_.capacity() * 2);
        if (wanted * (sizeof(Arrived) + sizeof(Event)) > limit_) {
            const size_t most = limit_ / (sizeof(Arrived) + sizeof(Event));
            if (most <= arrived_.size()) {
                throw base::Error(base::ErrorKind::OutOfMemory,
                                  "the events of one group need more than %zu MB", limit_ >> 20)
                    .withHint("Count fewer rows per group with FILTER, or raise work_mem.");
            }
            arrived_.reserve(most);
            return;
        }
        arrived_.reserve(wanted);
    }

    size_t limit_;
    std::pmr::vector<Arrived> arrived_;
    std::pmr::vector<Event> sorted_;
    std::pmr::vector<size_t> ends_;
};

}  // namespace footfall::behavior
