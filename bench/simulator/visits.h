// A visit from its first page to its last: views, searches, the cart, the checkout, the payment.
// Each visit has one pending step in the queue.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/simulator/behavior_chain.h"
#include "bench/simulator/calendar.h"
#include "bench/simulator/catalog.h"
#include "bench/simulator/customer.h"
#include "bench/simulator/event_log.h"
#include "bench/simulator/event_queue.h"
#include "bench/simulator/fulfilment.h"
#include "bench/simulator/order.h"
#include "bench/simulator/random.h"
#include "bench/simulator/recycling_pool.h"
#include "bench/simulator/star_schema.h"

namespace footfall::simulator {

class Visits {
  public:
    // `star` may be null.
    Visits(const Calendar& calendar, const Catalog& catalog, const Customers& customers,
           EventQueue& queue, EventLog& log, Fulfilment& fulfilment, StarSchema* star,
           uint64_t seed);

    int64_t begun() const { return begun_; }
    int64_t orders() const { return paidOrders_; }

    // A customer arrives: the first event of the visit happens now.
    void begin(uint32_t customer, int64_t millis);
    // Takes the pending step of the visit with this number in the pool.
    void advance(uint32_t index, int64_t millis);
    // Writes the orders of visits that are still trying to pay.
    void writeOpenOrders();

  private:
    static constexpr uint32_t kNoProduct = UINT32_MAX;

    struct Visit {
        int64_t sessionId = 0;
        int64_t orderId = 0;    // since the first attempt to pay
        int64_t paymentId = 0;  // the last attempt
        int64_t attemptedMillis = 0;
        uint32_t customer = 0;
        uint32_t product = kNoProduct;  // the page that is open
        int category = 0;
        int steps = 0;
        int16_t attempts = 0;
        uint8_t device = 0;
        uint8_t cartLines = 0;
        Step pending = Step::view;
        Stage stage = Stage::arrived;
        bool searched = false;    // the last page lists what was searched
        bool leavesNext = false;  // after the step that is being taken
        std::string_view campaign;
        std::array<OrderLine, kMaxLines> cart{};
    };

    std::string_view drawCampaign(const Customer& customer, int64_t millis);
    void perform(Visit& visit, int64_t millis);
    void view(Visit& visit, int64_t millis);
    void search(Visit& visit, int64_t millis);
    void addToCart(Visit& visit, int64_t millis);
    void removeFromCart(Visit& visit, int64_t millis);
    void checkout(Visit& visit, int64_t millis);
    void pay(Visit& visit, int64_t millis);
    void paymentFailed(Visit& visit, int64_t millis, std::string_view reason);
    void purchase(Visit& visit, int64_t millis);
    Step chooseNext(const Visit& visit, int64_t millis);
    void leave(uint32_t index);

    int32_t priceNow(const Product& product, int64_t millis) const;
    Order orderOf(const Visit& visit, int64_t millis) const;
    void writePayment(const Visit& visit, int64_t millis, std::string_view failureReason);
    Event eventOf(const Visit& visit, int64_t millis, EventType type) const;
    Event productEvent(const Visit& visit, uint32_t product, int64_t millis, EventType type) const;

    const Calendar& calendar_;
    const Catalog& catalog_;
    const Customers& customers_;
    EventQueue& queue_;
    EventLog& log_;
    Fulfilment& fulfilment_;
    StarSchema* star_;
    BehaviorChain chain_;
    Random random_;
    RecyclingPool<Visit> visits_;
    std::string landingUrl_;
    int64_t begun_ = 0;
    int64_t orderIds_ = 0;
    int64_t paymentIds_ = 0;
    int64_t paidOrders_ = 0;
};

}  // namespace footfall::simulator
