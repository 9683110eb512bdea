#include "engine/segment/encode_job.h"

#include <csignal>
#include <memory_resource>
#include <system_error>

#include "engine/segment/sort_permutation.h"

namespace footfall::segment {

EncodeJob::EncodeJob(std::span<const vector::Column> columns, std::span<const uint32_t> sortKeys,
                     int effort, bool background)
    : columns_(columns), sortKeys_(sortKeys.begin(), sortKeys.end()), effort_(effort) {
    if (!background)
        return;
    sigset_t all;
    sigset_t previous;
    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &previous) != 0)
        return;
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {
        // No thread to be had: wait() does the work.
    }
    pthread_sigmask(SIG_SETMASK, &previous, nullptr);
}

EncodeJob::~EncodeJob() {
    if (thread_.joinable())
        thread_.join();
}

const EncodedSegment& EncodeJob::wait() {
    if (thread_.joinable()) {
        thread_.join();
    } else if (!done_) {
        run();
    }
    if (failure_)
        std::rethrow_exception(failure_);
    return *encoded_;
}

void EncodeJob::run() noexcept {
    try {
        encode();
    } catch (...) {
        failure_ = std::current_exception();
    }
    done_ = true;
}

void EncodeJob::encode() {
    std::pmr::memory_resource* heap = std::pmr::new_delete_resource();
    EncodeOptions options;
    options.effort = effort_;
    options.sortKeys = sortKeys_;
    options.bloomColumns = sortKeys_;
    if (sortKeys_.empty()) {
        encoded_.emplace(encodeSegment(columns_, options, heap));
        return;
    }
    const auto permutation = sortPermutation(columns_, sortKeys_, heap);
    order_.assign(permutation.begin(), permutation.end());
    std::vector<vector::Column> sorted;
    sorted.reserve(columns_.size());
    for (const vector::Column& column : columns_)
        sorted.push_back(column.gather(order_, heap));
    encoded_.emplace(encodeSegment(sorted, options, heap));
}

}  // namespace footfall::segment
