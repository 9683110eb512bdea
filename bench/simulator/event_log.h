// The event log as it is written: counts, keeps the pace, ends after the number asked for.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>

#include "bench/simulator/event.h"
#include "bench/simulator/row_stream.h"

namespace footfall::simulator {

class EventLog {
  public:
    // Ends after `limit` events. `eventsPerSecond` 0 means as fast as possible; with a pace,
    // `commit` is called about once a second, so that readers of a table see the log grow.
    EventLog(RowStream& stream, int64_t limit, double eventsPerSecond,
             std::function<void()> commit);

    int64_t count() const { return count_; }
    // How many more rows are wanted. Who has several rows for one moment looks here first.
    int64_t room() const { return limit_ - count_; }
    int64_t lastMillis() const { return lastMillis_; }
    int64_t count(EventType type) const { return countByType_[static_cast<size_t>(type)]; }
    int64_t paidCents() const { return paidCents_; }

    // Rows come in time order. There must be room.
    void write(const Event& event);

  private:
    void keepPace();

    RowStream& stream_;
    int64_t limit_;
    double eventsPerSecond_;
    std::function<void()> commit_;
    int64_t count_ = 0;
    int64_t lastMillis_ = 0;
    int64_t paidCents_ = 0;
    std::array<int64_t, kEventTypes> countByType_{};
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    std::chrono::steady_clock::time_point committed_ = started_;
};

}  // namespace footfall::simulator
