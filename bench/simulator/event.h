// One row of the event log. 0, -1 and empty texts stand for NULL, as RowEncoder's ...OrNull take
// them.
#pragma once

#include <cstdint>
#include <string_view>

#include "bench/simulator/row_encoder.h"

namespace footfall::simulator {

enum class EventType : uint8_t {
    view,
    search,
    addToCart,
    removeFromCart,
    checkout,
    paymentFailed,
    purchase,
    orderShipped,
    orderDelivered,
    orderCancelled,
    review,
    returnRequested,
    refund
};
inline constexpr int kEventTypes = 13;

constexpr std::string_view eventTypeName(EventType type) {
    constexpr std::string_view kNames[kEventTypes] = {"view",
                                                      "search",
                                                      "add_to_cart",
                                                      "remove_from_cart",
                                                      "checkout",
                                                      "payment_failed",
                                                      "purchase",
                                                      "order_shipped",
                                                      "order_delivered",
                                                      "order_cancelled",
                                                      "review",
                                                      "return_requested",
                                                      "refund"};
    return kNames[static_cast<int>(type)];
}

struct Event {
    int64_t millis;
    int64_t customerId;
    EventType type;
    int64_t sessionId = 0;  // none for what happens after the visit
    int32_t productId = 0;
    std::string_view category{};
    std::string_view brand{};
    int64_t priceCents = -1;  // of one piece, as shown or paid
    int16_t quantity = 0;
    int64_t orderId = 0;
    int64_t amountCents = -1;  // what was paid (purchase) or paid back (refund)
    int16_t rating = 0;        // 1 to 5
    std::string_view country{};
    std::string_view device{};
    std::string_view campaign{};
    std::string_view url{};
    std::string_view detail{};  // search query, reason of a failure or return, text of a review
};

// In the order of eventsTable().
inline void encode(const Event& event, RowEncoder& row) {
    row.timestamp(event.millis);
    row.int64(event.customerId);
    row.int64OrNull(event.sessionId);
    row.word(eventTypeName(event.type));
    row.int32OrNull(event.productId);
    row.wordOrNull(event.category);
    row.wordOrNull(event.brand);
    row.centsOrNull(event.priceCents);
    row.int16OrNull(event.quantity);
    row.int64OrNull(event.orderId);
    row.centsOrNull(event.amountCents);
    row.int16OrNull(event.rating);
    row.wordOrNull(event.country);
    row.wordOrNull(event.device);
    row.wordOrNull(event.campaign);
    row.wordOrNull(event.url);
    row.textOrNull(event.detail);
}

}  // namespace footfall::simulator
