// The comparison of two rates: published intervals, and agreement of test and interval.
#include "engine/statistics/proportion_test.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace footfall::statistics {
namespace {

TEST(ProportionTest, PublishedInterval) {
    // Koopman (1984): 36 of 40 against 16 of 80.
    const auto interval = rateRatioInterval({36, 40}, {16, 80}, 0.95);
    ASSERT_TRUE(interval);
    EXPECT_NEAR(interval->low, 2.94, 0.005);
    EXPECT_NEAR(interval->high, 7.15, 0.005);
}

TEST(ProportionTest, PooledZTest) {
    // z = (0.12 - 0.10) / sqrt(0.11 * 0.89 * 2 / 1000)
    const double z = 0.02 / std::sqrt(0.11 * 0.89 * 2 / 1000);
    EXPECT_NEAR(equalRatesPValue({120, 1000}, {100, 1000}), std::erfc(z / std::sqrt(2.0)), 1e-14);
    EXPECT_DOUBLE_EQ(equalRatesPValue({0, 10}, {0, 20}), 1);
    EXPECT_DOUBLE_EQ(equalRatesPValue({10, 10}, {20, 20}), 1);
    EXPECT_DOUBLE_EQ(equalRatesPValue({5, 10}, {10, 20}), 1);
}

TEST(ProportionTest, EdgesOfTheRates) {
    EXPECT_FALSE(rateRatioInterval({5, 10}, {0, 10}, 0.95));
    const auto none = rateRatioInterval({0, 10}, {5, 10}, 0.95);
    ASSERT_TRUE(none);
    EXPECT_EQ(none->low, 0);
    EXPECT_GT(none->high, 0);
    EXPECT_LT(none->high, 1);
    const auto all = rateRatioInterval({10, 10}, {20, 20}, 0.95);
    ASSERT_TRUE(all);
    EXPECT_LT(all->low, 1);
    EXPECT_GT(all->high, 1);
    EXPECT_LT(all->high, 2);
    const auto one = rateRatioInterval({1, 1}, {1, 1}, 0.95);
    ASSERT_TRUE(one);
    EXPECT_LT(one->low, one->high);
}

TEST(ProportionTest, IntervalAgreesWithTest) {
    std::mt19937_64 rng(3);
    int significant = 0;
    for (int i = 0; i < 2000; i++) {
        const uint64_t n1 = 1 + rng() % 300;
        const uint64_t n2 = 1 + rng() % 300;
        const Proportion a = {rng() % (n1 + 1), n1};
        const Proportion b = {rng() % (n2 + 1), n2};
        const double p = equalRatesPValue(a, b);
        const auto interval = rateRatioInterval(a, b, 0.95);
        ASSERT_EQ(interval.has_value(), b.successes > 0);
        if (!interval)
            continue;
        EXPECT_LE(interval->low, a.rate() / b.rate() * (1 + 1e-12));
        EXPECT_GE(interval->high, a.rate() / b.rate() * (1 - 1e-12));
        if (std::fabs(p - 0.05) < 1e-9)
            continue;
        significant += p < 0.05;
        EXPECT_EQ(p<0.05, interval->low> 1 || interval->high < 1)
            << a.successes << "/" << n1 << " " << b.successes << "/" << n2;
    }
    EXPECT_GT(significant, 500);
}

}  // namespace
}  // namespace footfall::statistics
