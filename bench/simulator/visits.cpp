#include "bench/simulator/visits.h"

#include <algorithm>

namespace footfall::simulator {

namespace {

constexpr int kLongestVisit = 150;
constexpr double kLeavesAfterPurchase = 0.8;
constexpr double kSameCategory = 0.7;
constexpr double kSalePrice = 0.75;

// Mean seconds before each step, and the shortest.
constexpr std::array<double, kSteps> kSecondsBefore = {38, 16, 20, 14, 26, 65, 0};
constexpr int64_t kShortestGapMillis = 900;

// By payment method: card, PayPal, invoice, bank transfer, wallet.
constexpr std::array<double, 5> kFailureRate = {.075, .030, .060, .045, .035};
constexpr std::array<std::array<std::string_view, 3>, 5> kFailureReasons = {{
    {"card_declined", "insufficient_funds", "authentication_failed"},
    {"timeout", "account_limited", "cancelled_by_customer"},
    {"credit_check_failed", "address_mismatch", "timeout"},
    {"timeout", "cancelled_by_customer", "bank_unavailable"},
    {"authentication_failed", "device_not_supported", "timeout"},
}};

constexpr std::array<std::string_view, 4> kPaidReach = {"search_ads", "retargeting", "affiliate",
                                                        "influencer"};

void appendHex(std::string& out, uint64_t value) {
    constexpr char kDigits[] = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4) {
        out += kDigits[(value >> shift) & 15];
    }
}

}  // namespace

Visits::Visits(const Calendar& calendar, const Catalog& catalog, const Customers& customers,
               EventQueue& queue, EventLog& log, Fulfilment& fulfilment, StarSchema* star,
               uint64_t seed)
    : calendar_(calendar),
      catalog_(catalog),
      customers_(customers),
      queue_(queue),
      log_(log),
      fulfilment_(fulfilment),
      star_(star),
      random_(seed, 4) {}

void Visits::begin(uint32_t customer, int64_t millis) {
    const uint32_t index = visits_.take();
    Visit& visit = visits_[index];
    visit.sessionId = ++begun_;
    visit.customer = customer;
    visit.device = drawDevice(random_, customers_[customer]);
    visit.campaign = drawCampaign(customers_[customer], millis);
    const Step first = chooseNext(visit, millis);
    visit.pending = first == Step::search ? first : Step::view;
    // Who wants to leave at once has seen one page: a bounce.
    visit.leavesNext = first == Step::leave;
    advance(index, millis);
}

std::string_view Visits::drawCampaign(const Customer& customer, int64_t millis) {
    const Day& today = calendar_.day(calendar_.dayOf(millis));
    const double drawn = random_.uniform();
    if (calendar_.saleRuns(millis) && drawn < 0.30) {
        return "flash_sale";
    }
    if (today.newsletter && customer.newsletter && drawn < 0.45) {
        return "newsletter";
    }
    if (!today.seasonalCampaign.empty() && drawn < 0.58) {
        return drawn < 0.46 ? std::string_view{} : today.seasonalCampaign;
    }
    return drawn < 0.76 ? std::string_view{} : kPaidReach[random_.below(kPaidReach.size())];
}

void Visits::advance(uint32_t index, int64_t millis) {
    Visit& visit = visits_[index];
    perform(visit, millis);
    ++visit.steps;
    visit.leavesNext = visit.leavesNext || visit.steps >= kLongestVisit;
    visit.pending = visit.leavesNext ? Step::leave : chooseNext(visit, millis);
    if (visit.pending == Step::leave) {
        leave(index);
        return;
    }
    const double wait =
        1000 * kSecondsBefore[static_cast<size_t>(visit.pending)] * random_.exponential();
    queue_.push(
        {millis + kShortestGapMillis + static_cast<int64_t>(wait), index, Happening::sessionStep});
}

Step Visits::chooseNext(const Visit& visit, int64_t millis) {
    const Customer& customer = customers_[visit.customer];
    const bool smallScreen = visit.device == kMobile;
    return chain_.next(customer.persona, smallScreen, calendar_.saleRuns(millis), visit.stage,
                       random_);
}

// A step that makes no sense where the visit stands (nothing to remove, nothing to pay) is one more
// look at a product.
void Visits::perform(Visit& visit, int64_t millis) {
    switch (visit.pending) {
        case Step::search:
            search(visit, millis);
            return;
        case Step::addToCart:
            if (visit.product != kNoProduct && visit.cartLines < kMaxLines) {
                addToCart(visit, millis);
                return;
            }
            break;
        case Step::removeFromCart:
            // An order that waits for its payment keeps its lines.
            if (visit.cartLines > 0 && visit.orderId == 0) {
                removeFromCart(visit, millis);
                return;
            }
            break;
        case Step::checkout:
            if (visit.cartLines > 0) {
                checkout(visit, millis);
                return;
            }
            break;
        case Step::pay:
            pay(visit, millis);
            return;
        case Step::view:
        case Step::leave:
            break;
    }
    view(visit, millis);
}

void Visits::view(Visit& visit, int64_t millis) {
    const bool related =
        visit.searched || (visit.product != kNoProduct && random_.chance(kSameCategory));
    visit.product = related
                        ? catalog_.drawFrom(random_, visit.category)
                        : catalog_.drawAny(random_, calendar_.day(calendar_.dayOf(millis)).month);
    const Product& product = catalog_.product(visit.product);
    visit.category = product.category;
    visit.searched = false;
    visit.stage = visit.cartLines > 0 ? Stage::browsingWithCart : Stage::browsing;
    Event event = productEvent(visit, visit.product, millis, EventType::view);
    event.priceCents = priceNow(product, millis);
    event.url = product.url;
    if (visit.steps == 0 && !visit.campaign.empty()) {
        landingUrl_.assign(product.url).append("?utm_campaign=").append(visit.campaign);
        landingUrl_.append("&clid=");
        appendHex(landingUrl_, random_.next());
        event.url = landingUrl_;
    }
    log_.write(event);
}

void Visits::search(Visit& visit, int64_t millis) {
    if (visit.product == kNoProduct || !random_.chance(kSameCategory)) {
        const int month = calendar_.day(calendar_.dayOf(millis)).month;
        visit.category = catalog_.product(catalog_.drawAny(random_, month)).category;
    }
    visit.searched = true;
    visit.product = kNoProduct;
    visit.stage = visit.cartLines > 0 ? Stage::browsingWithCart : Stage::browsing;
    const SearchTerm& term = catalog_.drawSearch(random_, visit.category);
    Event event = eventOf(visit, millis, EventType::search);
    event.url = term.url;
    event.detail = term.query;
    log_.write(event);
}

void Visits::addToCart(Visit& visit, int64_t millis) {
    const Product& product = catalog_.product(visit.product);
    OrderLine& line = visit.cart[visit.cartLines++];
    line = OrderLine{
        .product = visit.product,
        .priceCents = priceNow(product, millis),
        .quantity = static_cast<int16_t>(random_.chance(0.86) ? 1 : 2 + random_.below(3))};
    visit.stage = Stage::inCart;
    Event event = productEvent(visit, visit.product, millis, EventType::addToCart);
    event.priceCents = line.priceCents;
    event.quantity = line.quantity;
    event.url = product.url;
    log_.write(event);
}

void Visits::removeFromCart(Visit& visit, int64_t millis) {
    const auto chosen = visit.cart.begin() + random_.below(visit.cartLines);
    const OrderLine line = *chosen;
    std::copy(chosen + 1, visit.cart.begin() + visit.cartLines, chosen);
    --visit.cartLines;
    visit.stage = visit.cartLines > 0 ? Stage::removed : Stage::browsing;
    Event event = productEvent(visit, line.product, millis, EventType::removeFromCart);
    event.priceCents = line.priceCents;
    event.quantity = line.quantity;
    event.url = "/cart";
    log_.write(event);
}

void Visits::checkout(Visit& visit, int64_t millis) {
    visit.stage = Stage::atCheckout;
    Event event = eventOf(visit, millis, EventType::checkout);
    event.url = "/checkout";
    log_.write(event);
}

void Visits::pay(Visit& visit, int64_t millis) {
    if (visit.orderId == 0) {
        visit.orderId = ++orderIds_;
    }
    visit.paymentId = ++paymentIds_;
    visit.attemptedMillis = millis;
    ++visit.attempts;
    const size_t method = static_cast<size_t>(customers_[visit.customer].method);
    if (random_.chance(kFailureRate[method])) {
        paymentFailed(visit, millis, kFailureReasons[method][random_.below(3)]);
    } else {
        purchase(visit, millis);
    }
}

void Visits::paymentFailed(Visit& visit, int64_t millis, std::string_view reason) {
    Event event = eventOf(visit, millis, EventType::paymentFailed);
    event.orderId = visit.orderId;
    event.url = "/checkout/payment";
    event.detail = reason;
    log_.write(event);
    writePayment(visit, millis, reason);
}

void Visits::purchase(Visit& visit, int64_t millis) {
    // The log may end within this order; what does not fit was not ordered.
    visit.cartLines = static_cast<uint8_t>(std::min<int64_t>(visit.cartLines, log_.room()));
    for (int index = 0; index < visit.cartLines; ++index) {
        const OrderLine& line = visit.cart[static_cast<size_t>(index)];
        Event event = productEvent(visit, line.product, millis, EventType::purchase);
        event.orderId = visit.orderId;
        event.priceCents = line.priceCents;
        event.quantity = line.quantity;
        event.amountCents = line.amountCents();
        event.url = "/checkout/thanks";
        log_.write(event);
    }
    writePayment(visit, millis, {});
    fulfilment_.accept(orderOf(visit, millis));
    ++paidOrders_;
    visit.orderId = 0;
    visit.paymentId = 0;
    visit.attempts = 0;
    visit.cartLines = 0;
    visit.stage = Stage::browsing;
    visit.leavesNext = random_.chance(kLeavesAfterPurchase);
}

void Visits::leave(uint32_t index) {
    const Visit& visit = visits_[index];
    if (visit.orderId != 0 && star_ != nullptr) {
        star_->writeOrder(orderOf(visit, visit.attemptedMillis), catalog_);
    }
    visits_.giveBack(index);
}

void Visits::writeOpenOrders() {
    if (star_ == nullptr) {
        return;
    }
    visits_.forEach([this](const Visit& visit) {
        if (visit.orderId != 0) {
            star_->writeOrder(orderOf(visit, visit.attemptedMillis), catalog_);
        }
    });
}

int32_t Visits::priceNow(const Product& product, int64_t millis) const {
    if (!calendar_.onSale(millis, product.category)) {
        return static_cast<int32_t>(product.priceCents);
    }
    // Sale prices end in 9 as well.
    return static_cast<int32_t>(static_cast<double>(product.priceCents) * kSalePrice) / 10 * 10 + 9;
}

Order Visits::orderOf(const Visit& visit, int64_t millis) const {
    Order order;
    order.id = visit.orderId;
    order.sessionId = visit.sessionId;
    order.paymentId = visit.paymentId;
    order.orderedMillis = millis;
    order.customer = visit.customer;
    order.lineCount = visit.cartLines;
    order.lines = visit.cart;
    return order;
}

void Visits::writePayment(const Visit& visit, int64_t millis, std::string_view failureReason) {
    if (star_ == nullptr) {
        return;
    }
    star_->writePayment({.id = visit.paymentId,
                         .orderId = visit.orderId,
                         .customerId = visit.customer + 1,
                         .attempt = visit.attempts,
                         .millis = millis,
                         .method = customers_[visit.customer].method,
                         .amountCents = orderOf(visit, millis).amountCents(),
                         .failureReason = failureReason});
}

Event Visits::eventOf(const Visit& visit, int64_t millis, EventType type) const {
    Event event{.millis = millis, .customerId = visit.customer + 1, .type = type};
    event.sessionId = visit.sessionId;
    event.country = countryName(customers_[visit.customer].country);
    event.device = deviceName(visit.device);
    event.campaign = visit.campaign;
    return event;
}

Event Visits::productEvent(const Visit& visit, uint32_t index, int64_t millis,
                           EventType type) const {
    const Product& product = catalog_.product(index);
    Event event = eventOf(visit, millis, type);
    event.productId = product.id;
    event.category = categories()[static_cast<size_t>(product.category)].name;
    event.brand = product.brand;
    return event;
}

}  // namespace footfall::simulator
