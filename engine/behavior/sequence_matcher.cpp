// See sequence_matcher.h.
#include "engine/behavior/sequence_matcher.h"

#include "engine/behavior/step_event.h"

namespace footfall::behavior {

SequenceMatcher::SequenceMatcher(const SequencePattern& pattern) : items_(pattern.items()) {
    ends_.reserve(items_.size());
    for (size_t item = 0; item < items_.size(); item++)
        ends_.emplace_back(items_.get_allocator().resource());
}

bool SequenceMatcher::add(int64_t time, uint32_t steps) {
    row_++;
    // From the last item on, so that a row serves one item only.
    for (size_t item = items_.size(); item-- > 0;) {
        if ((items_[item].accepts & steps) == 0 || !canFollow(item, time))
            continue;
        if (item + 1 == items_.size()) {
            for (Ends& ends : ends_) {
                ends.lastRow = 0;
                forget(ends, ends.times.size());
            }
            return true;
        }
        ends_[item].lastRow = row_;
        if (items_[item + 1].gap == PatternItem::Gap::Timed)
            remember(item, time);
    }
    return false;
}

// Whether a row of this time may serve `item`, after some row that served the one before.
bool SequenceMatcher::canFollow(size_t item, int64_t time) {
    if (item == 0)
        return true;
    Ends& before = ends_[item - 1];
    switch (items_[item].gap) {
        case PatternItem::Gap::None:
            return before.lastRow != 0 && before.lastRow + 1 == row_;
        case PatternItem::Gap::Rows:
            return before.lastRow != 0;
        case PatternItem::Gap::Timed:
            break;
    }
    size_t front = before.front;
    while (front < before.times.size() && elapsed(before.times[front], time) > items_[item].atMost)
        front++;
    forget(before, front);
    return before.front < before.times.size() &&
           elapsed(before.times[before.front], time) >= items_[item].atLeast;
}

// Gives the memory back once half of it is behind `front`.
void SequenceMatcher::forget(Ends& ends, size_t front) {
    ends.front = front;
    if (front == ends.times.size()) {
        ends.times.clear();
        ends.front = 0;
    } else if (front > 64 && front > ends.times.size() / 2) {
        ends.times.erase(ends.times.begin(),
                         ends.times.begin() + static_cast<std::ptrdiff_t>(front));
        ends.front = 0;
    }
}

void SequenceMatcher::remember(size_t item, int64_t time) {
    const PatternItem& next = items_[item + 1];
    Ends& ends = ends_[item];
    if (next.atLeast == 0) {
        forget(ends, ends.times.size());
    } else if (next.atMost == UINT64_MAX && !ends.times.empty()) {
        return;
    }
    ends.times.push_back(time);
}

}  // namespace footfall::behavior
