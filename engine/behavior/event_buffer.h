// A customer's events as an aggregate collects them: appended as they come, sorted once at the end.
//
// An Event is trivially copyable and ordered by operator<; that order is the canonical one (time,
// then step), so the sorted buffer is the same whatever the order of the input. `sorted` is kept
// while appending, because rows usually come in time order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>

#include "engine/behavior/event_array.h"

namespace footfall::behavior {

template <class Event>
class EventBuffer {
  public:
    explicit EventBuffer(std::pmr::memory_resource* resource) noexcept : events_(resource) {}

    size_t size() const noexcept { return events_.size(); }
    size_t bytes() const noexcept { return events_.bytes(); }
    bool full() const noexcept { return events_.full(); }
    std::span<const Event> events() const noexcept { return {events_.data(), events_.size()}; }
    std::span<Event> events() noexcept { return {events_.data(), events_.size()}; }
    std::pmr::memory_resource* resource() const noexcept { return events_.resource(); }

    // Only when not full().
    void append(const Event& event) noexcept {
        if (!events_.empty() && event < events_.data()[events_.size() - 1])
            sorted_ = false;
        events_.append(event);
    }
    // The buffer may take `limit` bytes.
    void grow(size_t limit) { events_.grow(limit); }
    void reserve(size_t events, size_t limit) { events_.reserve(events, limit); }
    void sort() noexcept {
        if (!sorted_)
            std::sort(events_.data(), events_.data() + events_.size());
        sorted_ = true;
    }
    // Keeps the first `size` events.
    void truncate(size_t size) noexcept { events_.setSize(std::min(size, events_.size())); }
    // Forgets all events, and gives their memory back.
    void release() noexcept {
        events_.release();
        sorted_ = true;
    }

  private:
    EventArray<Event> events_;
    bool sorted_ = true;
};

}  // namespace footfall::behavior
