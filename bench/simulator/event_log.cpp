#include "bench/simulator/event_log.h"

#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace footfall::simulator {

EventLog::EventLog(RowStream& stream, int64_t limit, double eventsPerSecond,
                   std::function<void()> commit)
    : stream_(stream),
      limit_(limit),
      eventsPerSecond_(eventsPerSecond),
      commit_(std::move(commit)) {}

void EventLog::write(const Event& event) {
    if (room() <= 0 || event.millis < lastMillis_) {
        throw std::logic_error(fmt::format("event {} at {} ms breaks the log's order or length",
                                           count_, event.millis));
    }
    encode(event, stream_.begin());
    stream_.end();
    ++count_;
    ++countByType_[static_cast<size_t>(event.type)];
    lastMillis_ = event.millis;
    if (event.type == EventType::purchase) {
        paidCents_ += event.amountCents;
    }
    if (eventsPerSecond_ > 0) {
        keepPace();
    }
}

void EventLog::keepPace() {
    const auto due =
        started_ +
        std::chrono::duration_cast<std::chrono::nanoseconds>(
            std::chrono::duration<double>(static_cast<double>(count_) / eventsPerSecond_));
    const auto now = std::chrono::steady_clock::now();
    if (now - committed_ >= std::chrono::seconds(1)) {
        commit_();
        committed_ = now;
    }
    if (due - now > std::chrono::milliseconds(2)) {
        stream_.flush();
        std::this_thread::sleep_until(due);
    }
}

}  // namespace footfall::simulator
