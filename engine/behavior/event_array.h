// An array of events that grows by grow() only, so that append needs no check and never throws.
//
// Memory: over a memory resource. A large array grows where it is, if the resource can
// (growing_resource.h); otherwise the old one counts while it is copied. More than `limit` bytes,
// or than the resource has left, are OutOfMemory; a sixteenth of the limit is there for certain.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory_resource>
#include <span>
#include <type_traits>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/growing_resource.h"

namespace footfall::behavior {

template <class Event>
class EventArray {
    static_assert(std::is_trivially_copyable_v<Event>);

  public:
    explicit EventArray(std::pmr::memory_resource* resource) noexcept : resource_(resource) {}
    EventArray(const EventArray&) = delete;
    EventArray& operator=(const EventArray&) = delete;
    ~EventArray() { release(); }

    size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    size_t bytes() const noexcept { return capacity_ * sizeof(Event); }
    bool full() const noexcept { return size_ == capacity_; }
    Event* data() noexcept { return events_; }
    const Event* data() const noexcept { return events_; }
    std::pmr::memory_resource* resource() const noexcept { return resource_; }

    // Only when not full().
    void append(const Event& event) noexcept { events_[size_++] = event; }
    void grow(size_t limit) { reserve(size_ + 1, limit); }
    void reserve(size_t events, size_t limit) {
        if (events <= capacity_)
            return;
        // Large ones by less, since more than what is needed may be all that is left.
        const size_t step = bytes() < base::kLargeArray ? capacity_ : capacity_ / 4;
        const size_t wanted = std::max({events, capacity_ + step, kFirstEvents});
        const size_t most = mostEvents(wanted, limit);
        if (events > most) {
            throw base::Error(base::ErrorKind::OutOfMemory,
                              "the events of one group need more than %zu MB", limit >> 20)
                .withHint("Count fewer rows per group with FILTER, or raise work_mem.");
        }
        const size_t capacity = std::min(wanted, most);
        events_ = static_cast<Event*>(base::resizeArray(resource_, events_, bytes(),
                                                        size_ * sizeof(Event),
                                                        capacity * sizeof(Event), alignof(Event)));
        capacity_ = capacity;
    }
    // Only `size` events that are there, or were since the last growth.
    void setSize(size_t size) noexcept { size_ = size; }
    void release() noexcept {
        if (events_ != nullptr)
            resource_->deallocate(events_, bytes(), alignof(Event));
        events_ = nullptr;
        size_ = capacity_ = 0;
    }
    // Both over the same resource.
    void swap(EventArray& other) noexcept {
        std::swap(events_, other.events_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }

    // A part of the limit that an array may take whatever the resource has left.
    static constexpr size_t kSmallShare = 16;

  private:
    static constexpr size_t kFirstEvents = 4;

    size_t mostEvents(size_t wanted, size_t limit) const {
        const size_t held = bytes();
        size_t most = limit > held ? limit - held : 0;
        const auto* growing = base::growingResource(resource_, wanted * sizeof(Event));
        if (growing != nullptr) {
            const size_t left = growing->left();
            most = std::max(left > SIZE_MAX - held ? SIZE_MAX : left + held, limit / kSmallShare);
            most = std::min(most, limit);
        }
        return most / sizeof(Event);
    }

    std::pmr::memory_resource* resource_;
    Event* events_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
};

}  // namespace footfall::behavior
