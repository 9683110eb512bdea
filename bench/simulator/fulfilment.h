// What happens to an order after it is paid: cancelled or shipped, delivered, reviewed, returned,
// refunded. Each order has at most one pending step in the queue.
#pragma once

#include <cstdint>

#include "bench/simulator/catalog.h"
#include "bench/simulator/customer.h"
#include "bench/simulator/event_log.h"
#include "bench/simulator/event_queue.h"
#include "bench/simulator/order.h"
#include "bench/simulator/random.h"
#include "bench/simulator/recycling_pool.h"
#include "bench/simulator/star_schema.h"

namespace footfall::simulator {

class Fulfilment {
  public:
    // `star` may be null: then nobody asked for the star schema.
    Fulfilment(const Catalog& catalog, const Customers& customers, EventQueue& queue, EventLog& log,
               StarSchema* star, uint64_t seed);

    // Takes over an order that was paid at order.orderedMillis.
    void accept(const Order& order);
    // Takes the pending step of the order with this number in the pool.
    void advance(uint32_t index, int64_t millis);
    // Writes the orders that are still on their way, as they stand.
    void writeOpenOrders();

  private:
    void schedule(uint32_t index, int64_t millis, OrderStep step, double hours);
    void afterDelivery(uint32_t index, int64_t millis);
    void afterReview(uint32_t index, int64_t millis);
    void decideReviewsAndReturns(Order& order);
    void close(uint32_t index);

    void cancel(uint32_t index, int64_t millis);
    void review(const Order& order, int64_t millis);
    void requestReturn(const Order& order, int64_t millis);
    void refund(Order& order, int64_t millis);

    Event eventOf(const Order& order, int64_t millis, EventType type) const;
    Event lineEvent(const Order& order, const OrderLine& line, int64_t millis,
                    EventType type) const;

    const Catalog& catalog_;
    const Customers& customers_;
    EventQueue& queue_;
    EventLog& log_;
    StarSchema* star_;
    Random random_;
    RecyclingPool<Order> orders_;
};

}  // namespace footfall::simulator
