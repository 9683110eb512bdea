#include "bench/simulator/shop.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "bench/simulator/calendar.h"
#include "bench/simulator/catalog.h"
#include "bench/simulator/churn.h"
#include "bench/simulator/civil_date.h"
#include "bench/simulator/customer.h"
#include "bench/simulator/event_queue.h"
#include "bench/simulator/fulfilment.h"
#include "bench/simulator/visits.h"

namespace footfall::simulator {

namespace {

// What a visit brings on average, its order's later events included; the visit rates follow from
// it. Measured; the tests check that the log ends about when it was planned to.
constexpr double kEventsPerVisit = 5.62;
constexpr int kTruthHorizonDays = 30;

uint32_t customersFor(const ShopPlan& plan) {
    if (plan.customers != 0) {
        return plan.customers;
    }
    return static_cast<uint32_t>(std::clamp<int64_t>(plan.events / 30, 20, 1'000'000));
}

// Slices of about 500 events keep the queue's heap in the cache.
EventQueue makeQueue(const ShopPlan& plan, const Calendar& calendar) {
    const int64_t span = calendar.days() * kMillisPerDay;
    const int64_t perDay = std::max<int64_t>(plan.events / plan.days, 1);
    const int64_t slice = std::clamp<int64_t>(
        kMillisPerDay * 500 / perDay, std::max<int64_t>(span / 200'000, 1'000), kMillisPerDay);
    return {calendar.startMillis(), slice, static_cast<size_t>(span / slice) + 1};
}

}  // namespace

ShopTotals runShop(const ShopPlan& plan, RowStream& events, StarSchema* star,
                   const std::function<void()>& commit) {
    // The calendar reaches beyond the plan, since the log ends by its length.
    const int reach = plan.days + plan.days / 2 + 10;
    const Calendar calendar(plan.firstDay, reach, static_cast<int>(categories().size()), plan.seed);
    const Catalog catalog(plan.products, plan.firstDay, plan.seed);
    Customers customers(customersFor(plan), calendar, plan.days,
                        static_cast<double>(plan.events) / kEventsPerVisit, plan.seed);
    const int horizon = std::min(kTruthHorizonDays, std::max(1, plan.days / 3));
    const ChurnTruth truth(calendar, std::max(0, plan.days - 1 - horizon), horizon);
    const int64_t cutoff = calendar.startMillis() + truth.cutoffDay() * kMillisPerDay;
    const int64_t horizonEnd = cutoff + truth.horizonDays() * kMillisPerDay;

    EventQueue queue = makeQueue(plan, calendar);
    EventLog log(events, plan.events, plan.eventsPerSecond, commit);
    Fulfilment fulfilment(catalog, customers, queue, log, star, plan.seed);
    Visits visits(calendar, catalog, customers, queue, log, fulfilment, star, plan.seed);
    Random arrivals(plan.seed, 6);
    if (star != nullptr) {
        star->writeProducts(catalog);
    }

    const auto scheduleVisit = [&queue](uint32_t customer, int64_t millis) {
        if (millis != kNever) {
            queue.push({millis, customer, Happening::visit});
        }
    };
    for (uint32_t customer = 0; customer < customers.size(); ++customer) {
        scheduleVisit(customer, customers.firstVisit(customer, arrivals));
    }

    ShopTotals totals;
    Pending item{};
    while (log.room() > 0) {
        if (!queue.pop(item)) {
            throw std::invalid_argument(fmt::format(
                "the shop ran out of visits after {} of {} events: ask for more --days, more "
                "--customers or fewer --events",
                log.count(), plan.events));
        }
        switch (item.kind) {
            case Happening::visit:
                if (item.millis >= cutoff && item.millis < horizonEnd) {
                    ++customers[item.id].visitsAfterCutoff;
                }
                visits.begin(item.id, item.millis);
                scheduleVisit(item.id, customers.nextVisit(item.id, item.millis, arrivals));
                break;
            case Happening::sessionStep:
                visits.advance(item.id, item.millis);
                break;
            case Happening::orderStep:
                fulfilment.advance(item.id, item.millis);
                break;
        }
        if (totals.firstMillis == 0) {
            totals.firstMillis = log.lastMillis();
        }
    }

    if (star != nullptr) {
        visits.writeOpenOrders();
        fulfilment.writeOpenOrders();
        star->writeCustomers(customers, log.lastMillis());
        star->writeChurnTruth(customers, calendar, truth, log.lastMillis());
    }
    totals.events = log.count();
    totals.visits = visits.begun();
    totals.orders = visits.orders();
    totals.paidCents = log.paidCents();
    totals.lastMillis = log.lastMillis();
    totals.customers = customers.size();
    return totals;
}

}  // namespace footfall::simulator
