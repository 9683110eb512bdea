// The simulation: customers arrive, visits go on, orders are fulfilled, in one time order.
#pragma once

#include <cstdint>
#include <functional>

#include "bench/simulator/event_log.h"
#include "bench/simulator/row_stream.h"
#include "bench/simulator/star_schema.h"

namespace footfall::simulator {

struct ShopPlan {
    int64_t events = 1'000'000;
    uint64_t seed = 7;
    uint32_t customers = 0;  // 0: one for every 30 events, 20 at least and a million at most
    int products = 5000;
    int64_t firstDay = 0;  // since 1970-01-01
    int days = 90;         // over which the events are spread; the log ends about then
    double eventsPerSecond = 0;
};

struct ShopTotals {
    int64_t events = 0;
    int64_t visits = 0;
    int64_t orders = 0;
    int64_t paidCents = 0;
    int64_t firstMillis = 0;
    int64_t lastMillis = 0;
    uint32_t customers = 0;
};

// Writes the plan's events, and the star schema unless `star` is null; `commit` is called about
// once a second when the plan sets a pace. The streams are left open. Memory follows the customers
// and what is under way at a time, never the number of events.
// Throws std::invalid_argument for a plan that cannot be met.
ShopTotals runShop(const ShopPlan& plan, RowStream& events, StarSchema* star,
                   const std::function<void()>& commit);

}  // namespace footfall::simulator
