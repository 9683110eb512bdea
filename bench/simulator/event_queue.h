// What happens next, in time order: a calendar queue (Brown, "Calendar queues", 1988).
//
// Time is cut into slices; a slice is an unsorted list until it becomes current, then a heap. So a
// push into the future is an append, and the heap stays small enough for the cache however many
// customers wait. Items beyond the last slice are dropped: the shop closes before them.
//
// The order is total (time, then kind, then id), so the outcome does not depend on the slices.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

namespace footfall::simulator {

enum class Happening : uint32_t { visit, sessionStep, orderStep };

struct Pending {
    int64_t millis;
    uint32_t id;
    Happening kind;
};

class EventQueue {
  public:
    // Slices of `sliceMillis` from `startMillis` on, `slices` of them.
    EventQueue(int64_t startMillis, int64_t sliceMillis, size_t slices)
        : startMillis_(startMillis), sliceMillis_(sliceMillis), slices_(slices) {}

    void push(const Pending& item) {
        const size_t slice = static_cast<size_t>((item.millis - startMillis_) / sliceMillis_);
        if (slice >= slices_.size()) {
            return;
        }
        if (slice <= current_) {
            heap_.push_back(item);
            std::push_heap(heap_.begin(), heap_.end(), later);
        } else {
            slices_[slice].push_back(item);
        }
    }

    // False when nothing is left.
    bool pop(Pending& item) {
        while (heap_.empty()) {
            if (++current_ >= slices_.size()) {
                return false;
            }
            heap_ = std::move(slices_[current_]);
            slices_[current_] = {};
            std::make_heap(heap_.begin(), heap_.end(), later);
        }
        std::pop_heap(heap_.begin(), heap_.end(), later);
        item = heap_.back();
        heap_.pop_back();
        return true;
    }

  private:
    static bool later(const Pending& a, const Pending& b) {
        return std::tie(a.millis, a.kind, a.id) > std::tie(b.millis, b.kind, b.id);
    }

    int64_t startMillis_;
    int64_t sliceMillis_;
    size_t current_ = 0;
    std::vector<std::vector<Pending>> slices_;
    std::vector<Pending> heap_;
};

}  // namespace footfall::simulator
