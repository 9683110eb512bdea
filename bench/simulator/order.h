// An order on its way: paid or not, shipped, delivered, reviewed, returned, refunded.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "bench/simulator/customer.h"

namespace footfall::simulator {

inline constexpr int kMaxLines = 8;

struct OrderLine {
    uint32_t product;    // index into the catalog
    int32_t priceCents;  // of one piece, as paid
    int16_t quantity;
    bool returned = false;
    bool reviewed = false;

    int64_t amountCents() const { return static_cast<int64_t>(priceCents) * quantity; }
};

enum class OrderStatus : uint8_t { unpaid, paid, cancelled, shipped, delivered, returned };

constexpr std::string_view orderStatusName(OrderStatus status) {
    constexpr std::string_view kNames[] = {"unpaid",  "paid",      "cancelled",
                                           "shipped", "delivered", "returned"};
    return kNames[static_cast<int>(status)];
}

// What happens to an order next.
enum class OrderStep : uint8_t { cancel, ship, deliver, review, requestReturn, refund, close };

struct Order {
    int64_t id = 0;
    int64_t sessionId = 0;
    int64_t paymentId = 0;  // the last attempt
    int64_t orderedMillis = 0;
    int64_t shippedMillis = 0;
    int64_t deliveredMillis = 0;
    int64_t cancelledMillis = 0;
    int64_t refundedMillis = 0;
    uint32_t customer = 0;
    OrderStatus status = OrderStatus::unpaid;
    OrderStep next = OrderStep::close;
    uint8_t lineCount = 0;
    std::array<OrderLine, kMaxLines> lines{};

    int64_t amountCents() const {
        int64_t total = 0;
        for (int line = 0; line < lineCount; ++line) {
            total += lines[static_cast<size_t>(line)].amountCents();
        }
        return total;
    }
};

struct Payment {
    int64_t id;
    int64_t orderId;
    int64_t customerId;
    int16_t attempt;
    int64_t millis;
    PaymentMethod method;
    int64_t amountCents;
    std::string_view failureReason;  // empty when it succeeded
};

}  // namespace footfall::simulator
