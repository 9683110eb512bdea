#include "engine/archive/patience.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace footfall::archive {

void Patience::pause(unsigned attempt) const {
    using namespace std::chrono;
    // Many writers that failed together must not come back together.
    static thread_local std::minstd_rand random{std::random_device{}()};
    const uint64_t full = std::min<uint64_t>(
        longestPauseMillis, static_cast<uint64_t>(firstPauseMillis) << std::min(attempt - 1, 20U));
    const uint64_t millis = full / 2 + random() % (full / 2 + 1);
    const auto until = steady_clock::now() + milliseconds(millis);
    for (auto now = steady_clock::now(); now < until; now = steady_clock::now()) {
        poll();
        std::this_thread::sleep_for(std::min<steady_clock::duration>(until - now, 100ms));
    }
}

}  // namespace footfall::archive
