// How long a store tries: time-outs, retries with back-off, and being interrupted.
#pragma once

#include <functional>
#include <utility>

#include "engine/base/error.h"

namespace footfall::archive {

// A failure that may pass: a broken connection, a time-out, "slow down". Nobody outside the stores
// sees it while attempts are left.
class TransientError : public base::Error {
  public:
    explicit TransientError(const base::Error& error) : base::Error(error) {}
};

struct Patience {
    // Called at least every 100 ms while something is waited for; may throw.
    std::function<void()> poll = [] {};
    unsigned connectSeconds = 10;
    unsigned stallSeconds = 30;  // without a byte in either direction
    unsigned attempts = 6;
    unsigned firstPauseMillis = 100;  // doubled for each attempt, up to the longest
    unsigned longestPauseMillis = 10000;

    // Sleeps before attempt `attempt` + 1, a random part of the time shorter, polling.
    void pause(unsigned attempt) const;

    // Runs `body(attempt)`, attempt being 1, 2, …, until it does not throw TransientError.
    template <class Body>
    auto retry(Body&& body) const {
        for (unsigned attempt = 1;; ++attempt) {
            poll();
            try {
                return body(attempt);
            } catch (TransientError& failure) {
                if (attempt >= attempts) {
                    base::Error last = failure;
                    last.withDetail("This was attempt %u of %u.", attempt, attempts);
                    throw last;
                }
            }
            pause(attempt);
        }
    }
};

}  // namespace footfall::archive
