// See range_share.h.
#include "extension/executor/range_share.h"

namespace footfall::executor {

namespace {

// So that there is something to share out, and to balance with.
constexpr int kRangesEach = 8;

}  // namespace

void RangeShare::initialize(int participants) {
    participants_ = participants;
    pg_atomic_init_u32(&next_, 0);
    pg_atomic_init_u64(&fingerprint_, 0);
}

void RangeShare::restart() {
    pg_atomic_write_u32(&next_, 0);
    pg_atomic_write_u64(&fingerprint_, 0);
}

int RangeShare::leastRanges() const {
    return participants_ * kRangesEach;
}

void RangeShare::check(const CustomerRanges& ranges) {
    uint64 own = 1;
    for (int i = 0; i < ranges.count; i++) {
        own = (own ^ ranges.begins[i]) * 1099511628211U;
    }
    own |= 1;  // 0 is nobody's
    uint64 first = 0;
    if (!pg_atomic_compare_exchange_u64(&fingerprint_, &first, own) && first != own) {
        elog(ERROR, "parallel processes have different ranges of customers");
    }
}

bool RangeShare::take(const CustomerRanges& ranges, int* first, int* end) {
    const auto all = static_cast<uint32>(ranges.count);
    uint32 next = pg_atomic_read_u32(&next_);
    while (next < all) {
        const auto share = static_cast<uint32>(2 * Max(participants_, 1));
        const uint32 lot = Max((all - next) / share, 1u);
        if (pg_atomic_compare_exchange_u32(&next_, &next, next + lot)) {
            *first = static_cast<int>(next);
            *end = static_cast<int>(next + lot);
            return true;
        }
    }
    return false;
}

}  // namespace footfall::executor
