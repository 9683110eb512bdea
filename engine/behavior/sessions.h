// Sessions: a customer's events, cut where more than a gap lies between two of them.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/behavior/event_buffer.h"

namespace footfall::behavior {

struct SessionSummary {
    uint64_t sessions = 0;
    uint64_t events = 0;
    uint64_t duration = 0;  // microseconds, from first to last event, summed over the sessions
};

// The sessions of times in ascending order.
SessionSummary summarise(std::span<const int64_t> times, uint64_t gap) noexcept;

// What session_agg keeps of a group.
class SessionState {
  public:
    explicit SessionState(std::pmr::memory_resource* resource) noexcept : times_(resource) {}

    // The first gap is kept; another one in the same group throws BadArgument.
    void setGap(uint64_t gap);
    bool hasGap(uint64_t gap) const noexcept { return gap_ == gap; }
    EventBuffer<int64_t>& times() noexcept { return times_; }
    size_t bytes() const noexcept { return times_.bytes(); }
    void release() noexcept { times_.release(); }
    SessionSummary summary();

    void pack(base::ByteWriter& writer);
    void unpack(base::ByteReader& reader, size_t limit);

  private:
    std::optional<uint64_t> gap_;
    EventBuffer<int64_t> times_;
};

// Numbers the sessions of events that come in time order, rising or falling.
class SessionNumbering {
  public:
    // The number of the session that this event belongs to, from 1. Throws BadArgument when the
    // events come neither rising nor falling.
    uint64_t next(int64_t time, uint64_t gap);

  private:
    uint64_t number_ = 0;
    int64_t last_ = 0;
    int direction_ = 0;
};

}  // namespace footfall::behavior
