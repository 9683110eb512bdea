// The shop as a whole: the same log for the same seed, keys that refer to rows, rates as a shop has
// them, and a churn truth that the log bears out.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "bench/simulator/calendar.h"
#include "bench/simulator/catalog.h"
#include "bench/simulator/civil_date.h"
#include "tests/unit/simulator/simulated_shop.h"

namespace footfall::simulator {
namespace {

ShopPlan planOf(int64_t events, uint64_t seed = 7, int days = 90) {
    ShopPlan plan;
    plan.events = events;
    plan.seed = seed;
    plan.days = days;
    plan.firstDay = daysSinceEpoch({2026, 1, 1});
    return plan;
}

int64_t cents(const std::string& text) {
    return text.empty() ? 0 : std::llround(std::strtod(text.c_str(), nullptr) * 100);
}

TEST(Shop, SameSeedSameLog) {
    const SimulatedShop first(planOf(20'000));
    const SimulatedShop second(planOf(20'000));
    EXPECT_EQ(first.output, second.output);
}

TEST(Shop, AnotherSeedAnotherLog) {
    EXPECT_NE(SimulatedShop(planOf(2'000, 7)).output, SimulatedShop(planOf(2'000, 8)).output);
}

TEST(Shop, TheStarSchemaDoesNotChangeTheLog) {
    const SimulatedShop with(planOf(20'000));
    const SimulatedShop without(planOf(20'000), Format::csv, false);
    EXPECT_EQ(with.output.at("events"), without.output.at("events"));
}

TEST(Shop, WritesAsManyEventsAsAskedForInTimeOrder) {
    for (const int64_t events : {1'000, 1'003, 1'007, 50'000}) {
        const SimulatedShop shop(planOf(events));
        const auto rows = shop.rows(eventsTable());
        ASSERT_EQ(static_cast<int64_t>(rows.size()), events);
        for (size_t i = 1; i < rows.size(); ++i) {
            ASSERT_LE(rows[i - 1].at("ts"), rows[i].at("ts"));
        }
    }
}

TEST(Shop, EndsAboutWhenPlanned) {
    for (const int days : {60, 90, 365}) {
        const SimulatedShop shop(planOf(300'000, 7, days), Format::csv, false);
        const double lasted =
            static_cast<double>(shop.totals.lastMillis - shop.totals.firstMillis) / kMillisPerDay;
        EXPECT_NEAR(lasted / days, 1, 0.06) << days << " days";
    }
}

TEST(Shop, EveryKeyRefersToARow) {
    const SimulatedShop shop(planOf(150'000));
    std::set<std::string> customers, products, payments, orders;
    for (const CsvRow& row : shop.rows(customersTable())) {
        ASSERT_TRUE(customers.insert(row.at("customer_id")).second);
    }
    for (const CsvRow& row : shop.rows(productsTable())) {
        ASSERT_TRUE(products.insert(row.at("product_id")).second);
    }
    for (const CsvRow& row : shop.rows(paymentsTable())) {
        ASSERT_TRUE(payments.insert(row.at("payment_id")).second);
        ASSERT_TRUE(customers.contains(row.at("customer_id")));
    }
    std::set<std::pair<std::string, std::string>> lines;
    for (const CsvRow& row : shop.rows(ordersTable())) {
        ASSERT_TRUE(lines.emplace(row.at("order_id"), row.at("line")).second);
        orders.insert(row.at("order_id"));
        ASSERT_TRUE(customers.contains(row.at("customer_id")));
        ASSERT_TRUE(products.contains(row.at("product_id")));
        ASSERT_TRUE(payments.contains(row.at("payment_id")));
    }
    for (const CsvRow& row : shop.rows(paymentsTable())) {
        ASSERT_TRUE(orders.contains(row.at("order_id")));
    }
    for (const CsvRow& row : shop.rows(eventsTable())) {
        ASSERT_TRUE(customers.contains(row.at("customer_id")));
        ASSERT_TRUE(row.at("product_id").empty() || products.contains(row.at("product_id")));
        ASSERT_TRUE(row.at("order_id").empty() || orders.contains(row.at("order_id")));
    }
}

TEST(Shop, OrdersAndLogTellTheSameStory) {
    const SimulatedShop shop(planOf(150'000));
    std::map<std::string, int64_t> paidInLog, refundedInLog, paidInFact, refundedInFact;
    for (const CsvRow& row : shop.rows(eventsTable())) {
        if (row.at("event_type") == "purchase") {
            paidInLog[row.at("order_id")] += cents(row.at("amount"));
            EXPECT_EQ(cents(row.at("amount")),
                      cents(row.at("price")) * std::atoi(row.at("quantity").c_str()));
        } else if (row.at("event_type") == "refund") {
            refundedInLog[row.at("order_id")] += cents(row.at("amount"));
        } else {
            EXPECT_EQ(row.at("amount"), "");
        }
    }
    std::map<std::string, int> byStatus;
    for (const CsvRow& row : shop.rows(ordersTable())) {
        ++byStatus[row.at("status")];
        if (row.at("status") != "unpaid") {
            paidInFact[row.at("order_id")] += cents(row.at("amount"));
        }
        if (cents(row.at("refund_amount")) > 0) {
            refundedInFact[row.at("order_id")] += cents(row.at("refund_amount"));
        }
    }
    EXPECT_EQ(paidInLog, paidInFact);
    EXPECT_EQ(refundedInLog, refundedInFact);
    EXPECT_EQ(static_cast<int64_t>(paidInLog.size()), shop.totals.orders);
    for (const char* status : {"unpaid", "paid", "cancelled", "shipped", "delivered", "returned"}) {
        EXPECT_GT(byStatus[status], 0) << status;
    }
}

TEST(Shop, AnOrderPassesThroughItsStatesInOrder) {
    const SimulatedShop shop(planOf(150'000));
    const std::map<std::string, int, std::less<>> rank = {
        {"payment_failed", 0},  {"purchase", 1}, {"order_shipped", 2},    {"order_cancelled", 2},
        {"order_delivered", 3}, {"review", 4},   {"return_requested", 5}, {"refund", 6}};
    std::map<std::string, int> reached;
    for (const CsvRow& row : shop.rows(eventsTable())) {
        const std::string& order = row.at("order_id");
        if (order.empty()) {
            continue;
        }
        const int now = rank.at(row.at("event_type"));
        ASSERT_GE(now, reached[order]) << "order " << order << ", " << row.at("event_type");
        reached[order] = now;
    }
}

TEST(Shop, RatesAreThoseOfAShop) {
    const SimulatedShop shop(planOf(400'000));
    std::map<std::string, double> count;
    std::set<std::string> sessions, buying, carting;
    std::map<int, double> byHour;
    int ratings[6] = {};
    for (const CsvRow& row : shop.rows(eventsTable())) {
        const std::string& type = row.at("event_type");
        ++count[type];
        if (!row.at("session_id").empty()) {
            sessions.insert(row.at("session_id"));
            ++byHour[std::atoi(row.at("ts").substr(11, 2).c_str())];
        }
        if (type == "add_to_cart") {
            carting.insert(row.at("session_id"));
        }
        if (type == "purchase") {
            buying.insert(row.at("session_id"));
        }
        if (type == "review") {
            ++ratings[std::atoi(row.at("rating").c_str())];
        }
    }
    const double visits = static_cast<double>(sessions.size());
    EXPECT_EQ(static_cast<int64_t>(sessions.size()), shop.totals.visits);
    EXPECT_NEAR(static_cast<double>(carting.size()) / visits, 0.16, 0.06);
    EXPECT_NEAR(static_cast<double>(buying.size()) / visits, 0.055, 0.025);
    EXPECT_NEAR(count["payment_failed"] / static_cast<double>(buying.size()), 0.055, 0.03);
    EXPECT_NEAR(count["order_cancelled"] / static_cast<double>(buying.size()), 0.02, 0.01);
    EXPECT_NEAR(count["return_requested"] / count["purchase"], 0.075, 0.04);
    EXPECT_NEAR(count["review"] / count["purchase"], 0.13, 0.05);
    EXPECT_GT(ratings[5] + ratings[4], ratings[1] + ratings[2]);
    EXPECT_GT(ratings[1], 0);
    EXPECT_GT(byHour[20], 4 * byHour[4]) << "evenings are busier than nights";
}

TEST(Shop, TheLogBearsOutTheChurnTruth) {
    const SimulatedShop shop(planOf(900'000));
    // Customers by tenth of their true probability: the share that churned must be near its mean.
    struct Tenth {
        double expected = 0;
        double variance = 0;
        double churned = 0;
        int customers = 0;
    };
    std::map<int, Tenth> tenths;
    for (const CsvRow& row : shop.rows(churnTruthTable())) {
        ASSERT_NE(row.at("churned"), "") << "the horizon lies within the log";
        const double probability = std::strtod(row.at("churn_probability").c_str(), nullptr);
        ASSERT_GE(probability, 0);
        ASSERT_LE(probability, 1);
        Tenth& tenth = tenths[std::min(9, static_cast<int>(probability * 10))];
        tenth.expected += probability;
        tenth.variance += probability * (1 - probability);
        tenth.churned += row.at("churned") == "t" ? 1 : 0;
        ++tenth.customers;
    }
    ASSERT_GE(tenths.size(), 8U);
    for (const auto& [number, tenth] : tenths) {
        EXPECT_NEAR(tenth.churned, tenth.expected, 4 * std::sqrt(tenth.variance) + 1)
            << "tenth " << number << " of " << tenth.customers << " customers";
    }
}

TEST(Shop, RefusesAPlanThatCannotBeMet) {
    ShopPlan plan = planOf(1'000);
    plan.customers = 5'000;
    std::string unused;
    RowStream events(makeEncoder(Format::csv, eventsTable(), false),
                     [&unused] { return std::make_unique<MemorySink>(unused); });
    EXPECT_THROW(runShop(plan, events, nullptr, [] {}), std::invalid_argument);
}

TEST(Calendar, FlashSalesAndSeasonsRaiseTraffic) {
    const int64_t first = daysSinceEpoch({2026, 1, 1});
    const Calendar calendar(first, 730, 12, 7);
    int sales = 0;
    double november = 0;
    double february = 0;
    for (int index = 0; index < calendar.days(); ++index) {
        const Day& day = calendar.day(index);
        EXPECT_GT(day.weight, 0);
        EXPECT_EQ(day.before[0], 0);
        EXPECT_EQ(day.before[24], 1);
        for (size_t hour = 0; hour < 24; ++hour) {
            EXPECT_LT(day.before[hour], day.before[hour + 1]);
        }
        sales += day.saleCategory != kNoCategory ? 1 : 0;
        november += day.month == 11 ? day.weight / 30 : 0;
        february += day.month == 2 ? day.weight / 28 : 0;
    }
    EXPECT_NEAR(sales, 730.0 / 18 + 2, 20);
    EXPECT_GT(november, 1.2 * february);
    const int blackFriday = static_cast<int>(daysSinceEpoch({2026, 11, 27}) - first);
    EXPECT_EQ(calendar.day(blackFriday).saleCategory, kEveryCategory);
}

TEST(Calendar, MomentAndShareAreInverse) {
    const Calendar calendar(daysSinceEpoch({2026, 1, 1}), 30, 12, 7);
    for (int day = 0; day < 30; ++day) {
        for (double share = 0; share < 1; share += 0.0625) {
            const int64_t moment = calendar.momentAt(day, share);
            EXPECT_EQ(calendar.dayOf(moment), day);
            EXPECT_NEAR(calendar.shareBefore(moment), share, 1e-5);
        }
    }
}

}  // namespace
}  // namespace footfall::simulator
