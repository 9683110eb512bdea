// Rows dealt out to threads, a few at a time.
//
// What a row gives must not depend on other rows of the same pass: then the number of threads has
// no influence on the result. The calling thread works too, and alone talks to the monitor; when
// that, or any thread, throws, the others stop after their row, and all are joined before the
// exception goes on.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "engine/model/monitor.h"

namespace footfall::recommendation {

// Of a training in several passes.
struct Progress {
    uint64_t done = 0;
    uint64_t total = 0;
};

// body(thread, row), threads from 0. Adds `rows` to what is done.
template <class Body>
void parallelRows(uint32_t rows, unsigned threads, model::Monitor& monitor, Progress& progress,
                  Body&& body) {
    constexpr uint64_t kRowsAtOnce = 4;
    std::atomic<uint64_t> next = 0;
    std::atomic<bool> stop = false;
    std::exception_ptr failure;
    std::mutex failureMutex;
    const auto work = [&](unsigned thread) {
        while (!stop) {
            const uint64_t begin = next.fetch_add(kRowsAtOnce);
            if (begin >= rows)
                break;
            const uint64_t end = std::min<uint64_t>(begin + kRowsAtOnce, rows);
            if (thread == 0) {
                monitor.check();
                monitor.progress(progress.done + begin, progress.total);
            }
            for (uint64_t row = begin; row < end && !stop; row++)
                body(thread, static_cast<uint32_t>(row));
        }
    };
    const auto guarded = [&](unsigned thread) {
        try {
            work(thread);
        } catch (...) {
            const std::lock_guard lock(failureMutex);
            if (failure == nullptr)
                failure = std::current_exception();
            stop = true;
        }
    };
    // Helpers may leave no row for this thread, so it asks before there are any.
    monitor.check();
    monitor.progress(progress.done, progress.total);
    {
        std::vector<std::jthread> helpers;
        helpers.reserve(threads);
        for (unsigned thread = 1; thread < threads; thread++) {
            try {
                helpers.emplace_back(guarded, thread);
            } catch (const std::system_error&) {
                break;  // The system has no more threads; those that are there do the work.
            }
        }
        guarded(0);
    }
    if (failure != nullptr)
        std::rethrow_exception(failure);
    progress.done += rows;
}

}  // namespace footfall::recommendation
