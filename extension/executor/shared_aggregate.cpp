// See shared_aggregate.h.
#include "extension/executor/shared_aggregate.h"

#include "extension/storage/scan_filter.h"

namespace footfall::executor {

namespace {

// What a worker's end takes, in ms, from its last result to the leader's going on. Measured in
// backends with 4 GB of shared buffers: 3.0 after 10 MB that were touched, 4.4 after 25 MB.
constexpr double kExitTime = 3;

Size strideOf(const Relation* relations, int count, Snapshot snapshot) {
    Size stride = 0;
    for (int i = 0; i < count; i++) {
        const Size size = table_parallelscan_estimate(relations[i], snapshot);
        stride = Max(stride, static_cast<Size>(MAXALIGN(size)));
    }
    return stride + MAXALIGN(sizeof(pg_atomic_uint32));
}

}  // namespace

Size SharedAggregate::size(const Relation* relations, int count, Snapshot snapshot, int scans) {
    return MAXALIGN(sizeof(SharedAggregate)) +
           strideOf(relations, count, snapshot) * static_cast<Size>(scans);
}

void SharedAggregate::initialize(const Relation* relations, int count, Snapshot snapshot, int scans,
                                 int processes) {
    counters_.initialize();
    stride_ = strideOf(relations, count, snapshot);
    scans_ = scans;
    processes_ = processes;
    pg_atomic_init_u32(&begun_, 0);
    pg_atomic_init_u32(&present_, 0);
    pg_atomic_init_u32(&open_, static_cast<uint32>(scans));
    for (int i = 0; i < scans; i++) {
        pg_atomic_init_u32(handedOut(i), 0);
        table_parallelscan_initialize(relations[i % count], scan(i), snapshot);
    }
}

void SharedAggregate::reinitialize(const Relation* relations, int count) {
    pg_atomic_write_u32(&begun_, 0);
    pg_atomic_write_u32(&present_, 0);
    pg_atomic_write_u32(&open_, static_cast<uint32>(scans_));
    for (int i = 0; i < scans_; i++) {
        pg_atomic_write_u32(handedOut(i), 0);
        table_parallelscan_reinitialize(relations[i % count], scan(i));
    }
}

int SharedAggregate::begin() {
    pg_atomic_fetch_add_u32(&present_, 1);
    return static_cast<int>(pg_atomic_fetch_add_u32(&begun_, 1));
}

pg_atomic_uint32* SharedAggregate::handedOut(int number) {
    return reinterpret_cast<pg_atomic_uint32*>(reinterpret_cast<char*>(this) +
                                               MAXALIGN(sizeof(SharedAggregate)) +
                                               static_cast<Size>(number) * stride_);
}

ParallelTableScanDesc SharedAggregate::scan(int number) {
    return reinterpret_cast<ParallelTableScanDesc>(reinterpret_cast<char*>(handedOut(number)) +
                                                   MAXALIGN(sizeof(pg_atomic_uint32)));
}

bool SharedAggregate::isHandedOut(int number) {
    return pg_atomic_read_u32(handedOut(number)) != 0;
}

void SharedAggregate::markHandedOut(int number) {
    if (pg_atomic_exchange_u32(handedOut(number), 1) == 0) {
        pg_atomic_fetch_sub_u32(&open_, 1);
    }
}

bool SharedAggregate::isOnlyOneLeft(int number) {
    return pg_atomic_read_u32(&open_) == 1 && !isHandedOut(number);
}

bool SharedAggregate::leave(double work, double time) {
    uint32 present = pg_atomic_read_u32(&present_);
    while (present > 1 && work <= time * (present - 1)) {
        if (pg_atomic_compare_exchange_u32(&present_, &present, present - 1)) {
            return true;
        }
    }
    return false;
}

void EarlyLeave::begin(SharedAggregate* shared) {
    taken_ = 0;
    left_ = false;
    shared_ = IsParallelWorker() ? shared : nullptr;
    begin_ = std::chrono::steady_clock::now();
}

bool EarlyLeave::stopsBefore(TableScanDesc scan) {
    if (shared_ == nullptr) {
        return false;
    }
    const int64 segments = storage::scanSegmentsLeft(scan);
    if (taken_ > 0 && segments > 0 && shared_->isOnlyOneLeft(number_)) {
        const std::chrono::duration<double, std::milli> passed =
            std::chrono::steady_clock::now() - begin_;
        const double each = passed.count() / static_cast<double>(taken_);
        left_ = shared_->leave(each * static_cast<double>(segments), kExitTime);
    }
    taken_++;
    return left_;
}

}  // namespace footfall::executor
