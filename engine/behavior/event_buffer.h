// A customer's events as an aggregate collects them: appended as they come, sorted once at the end.
//
// An Event is trivially copyable and ordered by operator<; that order is the canonical one (time,
// then step), so the sorted buffer is the same whatever the order of the input. `sorted` is kept
// while appending, because rows usually come in time order.
//
// Memory: one array over a memory resource, grown by grow() only, so that append needs no check and
// never throws. grow() raises OutOfMemory rather than hold more than `limit` bytes, counting the
// old array while it is copied.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <span>
#include <type_traits>

#include "engine/base/error.h"

namespace footfall::behavior {

template <class Event>
class EventBuffer {
    static_assert(std::is_trivially_copyable_v<Event>);

  public:
    explicit EventBuffer(std::pmr::memory_resource* resource) noexcept : resource_(resource) {}
    EventBuffer(const EventBuffer&) = delete;
    EventBuffer& operator=(const EventBuffer&) = delete;
    ~EventBuffer() {
        if (events_ != nullptr)
            resource_->deallocate(events_, capacity_ * sizeof(Event), alignof(Event));
    }

    size_t size() const noexcept { return size_; }
    size_t bytes() const noexcept { return capacity_ * sizeof(Event); }
    bool full() const noexcept { return size_ == capacity_; }
    std::span<const Event> events() const noexcept { return {events_, size_}; }
    std::span<Event> events() noexcept { return {events_, size_}; }

    // Only when not full().
    void append(const Event& event) noexcept {
        if (size_ != 0 && event < events_[size_ - 1])
            sorted_ = false;
        events_[size_++] = event;
    }
    void grow(size_t limit) { reserve(size_ + 1, limit); }
    void reserve(size_t events, size_t limit) {
        if (events <= capacity_)
            return;
        const size_t held = capacity_ * sizeof(Event);
        const size_t most = limit > held ? (limit - held) / sizeof(Event) : 0;
        if (events > most) {
            throw base::Error(base::ErrorKind::OutOfMemory,
                              "the events of one group need more than %zu MB", limit >> 20)
                .withHint("Count fewer rows per group with FILTER, or raise work_mem.");
        }
        const size_t wanted = std::max({events, capacity_ * 2, kFirstEvents});
        const size_t capacity = std::min(wanted, most);
        auto* fresh =
            static_cast<Event*>(resource_->allocate(capacity * sizeof(Event), alignof(Event)));
        if (size_ != 0)
            std::memcpy(static_cast<void*>(fresh), events_, size_ * sizeof(Event));
        if (events_ != nullptr)
            resource_->deallocate(events_, held, alignof(Event));
        events_ = fresh;
        capacity_ = capacity;
    }
    void sort() noexcept {
        if (!sorted_)
            std::sort(events_, events_ + size_);
        sorted_ = true;
    }
    // Keeps the first `size` events.
    void truncate(size_t size) noexcept { size_ = std::min(size_, size); }

  private:
    static constexpr size_t kFirstEvents = 4;

    std::pmr::memory_resource* resource_;
    Event* events_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
    bool sorted_ = true;
};

}  // namespace footfall::behavior
