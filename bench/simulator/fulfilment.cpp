#include "bench/simulator/fulfilment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "bench/simulator/civil_date.h"

namespace footfall::simulator {

namespace {

constexpr double kCancelRate = 0.02;
constexpr double kReviewRate = 0.14;

constexpr std::array<std::string_view, 5> kReturnReasons = {
    "wrong size", "not as described", "arrived damaged", "changed my mind", "arrived too late"};

constexpr std::array<std::array<std::string_view, 3>, 5> kReviewTexts = {{
    {"never again", "broke after a day", "nothing like the picture"},
    {"disappointing", "poor quality for the price", "had to ask twice for help"},
    {"does its job", "ok, but slow delivery", "as expected, no more"},
    {"good value", "works well, would buy again", "happy with it"},
    {"excellent", "exactly what I wanted", "great quality, fast delivery"},
}};

}  // namespace

Fulfilment::Fulfilment(const Catalog& catalog, const Customers& customers, EventQueue& queue,
                       EventLog& log, StarSchema* star, uint64_t seed)
    : catalog_(catalog),
      customers_(customers),
      queue_(queue),
      log_(log),
      star_(star),
      random_(seed, 5) {}

void Fulfilment::accept(const Order& order) {
    const uint32_t index = orders_.take();
    orders_[index] = order;
    orders_[index].status = OrderStatus::paid;
    if (random_.chance(kCancelRate)) {
        schedule(index, order.orderedMillis, OrderStep::cancel, 0.2 + 8 * random_.uniform());
    } else {
        schedule(index, order.orderedMillis, OrderStep::ship, 4 + 22 * random_.exponential());
    }
}

void Fulfilment::schedule(uint32_t index, int64_t millis, OrderStep step, double hours) {
    orders_[index].next = step;
    queue_.push(
        {millis + static_cast<int64_t>(hours * kMillisPerHour), index, Happening::orderStep});
}

void Fulfilment::advance(uint32_t index, int64_t millis) {
    Order& order = orders_[index];
    switch (order.next) {
        case OrderStep::cancel:
            cancel(index, millis);
            break;
        case OrderStep::ship:
            order.status = OrderStatus::shipped;
            order.shippedMillis = millis;
            log_.write(eventOf(order, millis, EventType::orderShipped));
            schedule(index, millis, OrderStep::deliver, 18 + 30 * std::exp(0.4 * random_.normal()));
            break;
        case OrderStep::deliver:
            order.status = OrderStatus::delivered;
            order.deliveredMillis = millis;
            log_.write(eventOf(order, millis, EventType::orderDelivered));
            decideReviewsAndReturns(order);
            afterDelivery(index, millis);
            break;
        case OrderStep::review:
            review(order, millis);
            afterReview(index, millis);
            break;
        case OrderStep::requestReturn:
            requestReturn(order, millis);
            schedule(index, millis, OrderStep::refund, 48 + 96 * random_.uniform());
            break;
        case OrderStep::refund:
            refund(order, millis);
            close(index);
            break;
        case OrderStep::close:
            close(index);
            break;
    }
}

// Good products and satisfied customers mean better ratings and fewer returns, so both leave a
// trace of what drives churn.
void Fulfilment::decideReviewsAndReturns(Order& order) {
    const double satisfaction = customers_[order.customer].satisfaction;
    for (int index = 0; index < order.lineCount; ++index) {
        OrderLine& line = order.lines[static_cast<size_t>(index)];
        const Product& product = catalog_.product(line.product);
        const double returnRate = categories()[static_cast<size_t>(product.category)].returnRate *
                                  (1.72 - product.quality) * (1.68 - satisfaction);
        line.reviewed = random_.chance(kReviewRate);
        line.returned = random_.chance(returnRate);
    }
}

void Fulfilment::afterDelivery(uint32_t index, int64_t millis) {
    const Order& order = orders_[index];
    const std::span lines(order.lines.data(), order.lineCount);
    if (std::ranges::any_of(lines, &OrderLine::reviewed)) {
        schedule(index, millis, OrderStep::review, 5 + 90 * random_.exponential());
    } else {
        afterReview(index, millis);
    }
}

void Fulfilment::afterReview(uint32_t index, int64_t millis) {
    const Order& order = orders_[index];
    const std::span lines(order.lines.data(), order.lineCount);
    if (std::ranges::any_of(lines, &OrderLine::returned)) {
        schedule(index, millis, OrderStep::requestReturn, 12 + 80 * random_.exponential());
    } else {
        close(index);
    }
}

void Fulfilment::close(uint32_t index) {
    if (star_ != nullptr) {
        star_->writeOrder(orders_[index], catalog_);
    }
    orders_.giveBack(index);
}

void Fulfilment::writeOpenOrders() {
    if (star_ != nullptr) {
        orders_.forEach([this](const Order& order) { star_->writeOrder(order, catalog_); });
    }
}

void Fulfilment::cancel(uint32_t index, int64_t millis) {
    Order& order = orders_[index];
    if (log_.room() < 2) {
        return;  // the log ends before the cancellation
    }
    order.status = OrderStatus::cancelled;
    order.cancelledMillis = millis;
    order.refundedMillis = millis;
    log_.write(eventOf(order, millis, EventType::orderCancelled));
    Event event = eventOf(order, millis, EventType::refund);
    event.amountCents = order.amountCents();
    event.detail = "cancelled";
    log_.write(event);
    close(index);
}

void Fulfilment::review(const Order& order, int64_t millis) {
    const double satisfaction = customers_[order.customer].satisfaction;
    for (int index = 0; index < order.lineCount; ++index) {
        const OrderLine& line = order.lines[static_cast<size_t>(index)];
        if (!line.reviewed || log_.room() == 0) {
            continue;
        }
        const double mood = 0.5 * catalog_.product(line.product).quality + 0.5 * satisfaction +
                            0.16 * random_.normal();
        const int rating = std::clamp(static_cast<int>(std::lround(0.4 + 5.2 * mood)), 1, 5);
        Event event = lineEvent(order, line, millis, EventType::review);
        event.rating = static_cast<int16_t>(rating);
        event.detail = kReviewTexts[static_cast<size_t>(rating - 1)][random_.below(3)];
        log_.write(event);
    }
}

void Fulfilment::requestReturn(const Order& order, int64_t millis) {
    for (int index = 0; index < order.lineCount; ++index) {
        const OrderLine& line = order.lines[static_cast<size_t>(index)];
        if (!line.returned || log_.room() == 0) {
            continue;
        }
        Event event = lineEvent(order, line, millis, EventType::returnRequested);
        event.quantity = line.quantity;
        event.detail = kReturnReasons[random_.below(kReturnReasons.size())];
        log_.write(event);
    }
}

void Fulfilment::refund(Order& order, int64_t millis) {
    for (int index = 0; index < order.lineCount; ++index) {
        OrderLine& line = order.lines[static_cast<size_t>(index)];
        if (!line.returned) {
            continue;
        }
        if (log_.room() == 0) {
            line.returned = false;  // the log ends before this line is paid back
            continue;
        }
        order.refundedMillis = millis;
        Event event = lineEvent(order, line, millis, EventType::refund);
        event.priceCents = line.priceCents;
        event.quantity = line.quantity;
        event.amountCents = line.amountCents();
        event.detail = "returned";
        log_.write(event);
    }
}

Event Fulfilment::eventOf(const Order& order, int64_t millis, EventType type) const {
    Event event{.millis = millis, .customerId = order.customer + 1, .type = type};
    event.orderId = order.id;
    event.country = countryName(customers_[order.customer].country);
    return event;
}

Event Fulfilment::lineEvent(const Order& order, const OrderLine& line, int64_t millis,
                            EventType type) const {
    const Product& product = catalog_.product(line.product);
    Event event = eventOf(order, millis, type);
    event.productId = product.id;
    event.category = categories()[static_cast<size_t>(product.category)].name;
    event.brand = product.brand;
    return event;
}

}  // namespace footfall::simulator
