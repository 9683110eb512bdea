// BG/NBD and Gamma-Gamma: published values, estimates from simulated customers, and the maximum.
#include "engine/statistics/purchase_model.h"
#include "engine/statistics/spend_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/base/error.h"

namespace footfall::statistics {
namespace {

void noPoll() {}

// The estimates of Fader, Hardie and Lee (2005) for CDNOW, and what they say of a customer.
constexpr PurchaseParameters kPublished = {0.243, 4.414, 0.793, 2.426};

TEST(PurchaseModel, PublishedForecast) {
    const PurchaseForecast forecast(kPublished);
    EXPECT_NEAR(forecast.expectedPurchases({2, 30.43, 38.86}, 39), 1.226, 0.0005);
    EXPECT_EQ(forecast.expectedPurchases({2, 30.43, 38.86}, 0), 0);
    EXPECT_EQ(forecast.probabilityAlive({0, 0, 20}), 1);
    EXPECT_NEAR(forecast.probabilityAlive({2, 38.86, 38.86}), 1 / (1 + 0.793 / 3.426), 1e-12);
    EXPECT_LT(forecast.probabilityAlive({20, 5, 38.86}), 0.001);
}

TEST(PurchaseModel, ForecastOfManyPurchasesIsFinite) {
    const PurchaseForecast forecast(kPublished);
    const double expected = forecast.expectedPurchases({5000, 38, 38.86}, 39);
    EXPECT_GT(expected, 0);
    EXPECT_LT(expected, 5000 * 39 / 38.0);
}

// The expectation is smooth where its formula is 0/0.
TEST(PurchaseModel, ForecastNearSingularParameters) {
    const auto at = [](double a, double b, double x) {
        return PurchaseForecast({0.5, 5, a, b}).expectedPurchases({x, x * 2, 30}, 20);
    };
    for (const double x : {0.0, 3.0}) {
        EXPECT_NEAR(at(1, 2, x), 0.5 * (at(0.99, 2, x) + at(1.01, 2, x)), 1e-3) << x;
        EXPECT_NEAR(at(0.4, 0.6, x), 0.5 * (at(0.4, 0.59, x) + at(0.4, 0.61, x)), 1e-3) << x;
    }
    EXPECT_GT(at(0.2, 0.3, 0), 0);
}

std::vector<PurchaseHistory> simulate(const PurchaseParameters& p, size_t customers,
                                      std::mt19937_64& rng) {
    std::vector<PurchaseHistory> histories;
    std::gamma_distribution<> rates(p.r, 1 / p.alpha);
    std::gamma_distribution<> as(p.a, 1);
    std::gamma_distribution<> bs(p.b, 1);
    std::uniform_real_distribution<> uniform;
    for (size_t i = 0; i < customers; i++) {
        const double age = 30 + 20 * uniform(rng);
        const double rate = rates(rng);
        const double u = as(rng);
        const double leaving = u / (u + bs(rng));
        PurchaseHistory history = {0, 0, age};
        double time = 0;
        while (true) {
            time += -std::log(1 - uniform(rng)) / rate;
            if (!(time < age))
                break;
            history.frequency++;
            history.recency = time;
            if (uniform(rng) < leaving)
                break;
        }
        histories.push_back(history);
    }
    return histories;
}

TEST(PurchaseModel, FindsTheMaximum) {
    std::mt19937_64 rng(7);
    const PurchaseParameters truth = {0.8, 6, 0.9, 2.5};
    const PurchaseHistories histories(simulate(truth, 20000, rng));
    EXPECT_EQ(histories.customers(), 20000U);
    const PurchaseParameters found = fitPurchases(histories, 0, &noPoll);
    EXPECT_NEAR(found.r, truth.r, 0.08);
    EXPECT_NEAR(found.alpha, truth.alpha, 0.6);
    EXPECT_NEAR(found.a / (found.a + found.b), truth.a / (truth.a + truth.b), 0.03);
    const double best = logLikelihood(histories, found);
    EXPECT_GE(best, logLikelihood(histories, truth));
    for (const double factor : {0.98, 1.02}) {
        PurchaseParameters other = found;
        other.r *= factor;
        EXPECT_LT(logLikelihood(histories, other), best);
        other = found;
        other.alpha *= factor;
        EXPECT_LT(logLikelihood(histories, other), best);
        other = found;
        other.a *= factor;
        EXPECT_LT(logLikelihood(histories, other), best);
        other = found;
        other.b *= factor;
        EXPECT_LT(logLikelihood(histories, other), best);
    }
}

TEST(PurchaseModel, TheUnitOfTimeDoesNotMatter) {
    std::mt19937_64 rng(8);
    std::vector<PurchaseHistory> weeks = simulate({0.8, 6, 0.9, 2.5}, 3000, rng);
    std::vector<PurchaseHistory> days = weeks;
    for (PurchaseHistory& history : days) {
        history.recency *= 7;
        history.age *= 7;
    }
    for (const double penalizer : {0.0, 0.01}) {
        const PurchaseParameters a = fitPurchases(PurchaseHistories(weeks), penalizer, &noPoll);
        const PurchaseParameters b = fitPurchases(PurchaseHistories(days), penalizer, &noPoll);
        EXPECT_NEAR(a.r, b.r, 1e-5);
        EXPECT_NEAR(a.alpha * 7, b.alpha, 1e-3);
        EXPECT_NEAR(a.b, b.b, 1e-4);
    }
}

TEST(PurchaseModel, UndeterminedIsAnError) {
    EXPECT_THROW(fitPurchases(PurchaseHistories({}), 0, &noPoll), base::Error);
    EXPECT_THROW(fitPurchases(PurchaseHistories({{0, 0, 5}, {0, 0, 9}}), 0, &noPoll), base::Error);
}

TEST(SpendModel, FindsTheMaximum) {
    std::mt19937_64 rng(9);
    const SpendParameters truth = {6.25, 3.74, 15.44};
    std::gamma_distribution<> scales(truth.q, 1 / truth.v);
    std::vector<Spending> customers;
    for (int i = 0; i < 20000; i++) {
        const double scale = scales(rng);
        const double purchases = 1 + static_cast<double>(rng() % 6);
        std::gamma_distribution<> total(truth.p * purchases, 1 / scale);
        customers.push_back({purchases, total(rng) / purchases});
    }
    const SpendParameters found = fitSpending(customers, 0, &noPoll);
    EXPECT_NEAR(found.p, truth.p, 0.5);
    EXPECT_NEAR(found.q, truth.q, 0.3);
    EXPECT_NEAR(found.v, truth.v, 2.5);
    const double best = logLikelihood(customers, found);
    EXPECT_GE(best, logLikelihood(customers, truth));
    for (const double factor : {0.98, 1.02}) {
        EXPECT_LT(logLikelihood(customers, {found.p * factor, found.q, found.v}), best);
        EXPECT_LT(logLikelihood(customers, {found.p, found.q * factor, found.v}), best);
        EXPECT_LT(logLikelihood(customers, {found.p, found.q, found.v * factor}), best);
    }
    // Another currency.
    for (Spending& customer : customers)
        customer.mean *= 1000;
    const SpendParameters scaled = fitSpending(customers, 0, &noPoll);
    EXPECT_NEAR(scaled.q, found.q, 1e-4);
    EXPECT_NEAR(scaled.v / 1000, found.v, 1e-3);
}

TEST(SpendModel, Expectation) {
    const SpendParameters p = {6.25, 3.74, 15.44};
    const double population = p.v * p.p / (p.q - 1);
    EXPECT_NEAR(expectedSpend(p, {0, 0}), population, 1e-12);
    const double weight = p.p * 2 / (p.p * 2 + p.q - 1);
    EXPECT_NEAR(expectedSpend(p, {2, 50}), (1 - weight) * population + weight * 50, 1e-12);
    EXPECT_TRUE(std::isnan(expectedSpend({2, 0.9, 10}, {0, 0})));
    EXPECT_GT(expectedSpend({2, 0.9, 10}, {1, 30}), 0);
}

TEST(SpendModel, UndeterminedIsAnError) {
    std::vector<Spending> none;
    EXPECT_THROW(fitSpending(none, 0, &noPoll), base::Error);
}

}  // namespace
}  // namespace footfall::statistics
