// See sessions.h.
#include "engine/behavior/sessions.h"

#include <algorithm>
#include <utility>

#include "engine/behavior/step_event.h"

namespace footfall::behavior {

namespace {
constexpr uint8_t kStateVersion = 1;
}

void SessionState::setGap(uint64_t gap) {
    if (gap_ && *gap_ != gap)
        base::throwBadArgument("the gap between sessions varies within a group");
    gap_ = gap;
}

SessionSummary summarise(std::span<const int64_t> times, uint64_t gap) noexcept {
    SessionSummary summary;
    summary.events = times.size();
    for (size_t begin = 0, end = 0; begin < times.size(); begin = end) {
        end = begin + 1;
        while (end < times.size() && elapsed(times[end - 1], times[end]) <= gap)
            end++;
        summary.sessions++;
        summary.duration += elapsed(times[begin], times[end - 1]);
    }
    return summary;
}

SessionSummary SessionState::summary() {
    times_.sort();
    return summarise(std::as_const(times_).events(), gap_.value_or(0));
}

void SessionState::pack(base::ByteWriter& writer) {
    times_.sort();
    writer.u8(kStateVersion);
    writer.u64(gap_.value_or(0));
    writer.varint(times_.size());
    int64_t previous = 0;
    for (const int64_t time : times_.events()) {
        writer.zigzag(static_cast<int64_t>(elapsed(previous, time)));
        previous = time;
    }
}

void SessionState::unpack(base::ByteReader& reader, size_t limit) {
    const uint8_t version = reader.u8();
    if (version != kStateVersion)
        base::throwCorrupt("a session's state has the unknown version %u", version);
    setGap(reader.u64());
    const uint64_t count = reader.varintUpTo(reader.remaining(), "number of events");
    times_.reserve(times_.size() + count, limit);
    uint64_t time = 0;
    for (uint64_t i = 0; i < count; i++) {
        time += static_cast<uint64_t>(reader.zigzag());
        times_.append(static_cast<int64_t>(time));
    }
    reader.expectEnd();
}

uint64_t SessionNumbering::next(int64_t time, uint64_t gap) {
    if (number_ == 0) {
        number_ = 1;
    } else if (time != last_) {
        const int direction = time > last_ ? 1 : -1;
        if (direction_ != 0 && direction != direction_) {
            throw base::Error(base::ErrorKind::BadArgument,
                              "sessions need their events in time order")
                .withHint(
                    "Order the window by the time, as in OVER (PARTITION BY customer_id ORDER BY "
                    "ts).");
        }
        direction_ = direction;
        if (elapsed(std::min(time, last_), std::max(time, last_)) > gap)
            number_++;
    }
    last_ = time;
    return number_;
}

}  // namespace footfall::behavior
