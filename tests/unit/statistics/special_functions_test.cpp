// Special functions against values and identities that mathematics knows.
#include "engine/statistics/special_functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <initializer_list>

namespace footfall::statistics {
namespace {

TEST(SpecialFunctions, Digamma) {
    const double euler = 0.57721566490153286;
    EXPECT_NEAR(digamma(1), -euler, 1e-14);
    EXPECT_NEAR(digamma(0.5), -euler - 2 * std::log(2.0), 1e-14);
    EXPECT_NEAR(digamma(1e-8), -1e8 - euler, 1e-6);
    EXPECT_NEAR(digamma(1000), 6.9072551956488121, 1e-13);
    for (const double x : {0.1, 0.7, 3.3, 9.999, 10.001, 400.0}) {
        const double h = 1e-6 * x;
        EXPECT_NEAR(digamma(x), (std::lgamma(x + h) - std::lgamma(x - h)) / (2 * h), 1e-6) << x;
        EXPECT_NEAR(digamma(x + 1) - digamma(x), 1 / x, 1e-12) << x;
    }
}

TEST(SpecialFunctions, NormalQuantile) {
    EXPECT_NEAR(normalQuantile(0.975), 1.959963984540054, 1e-14);
    EXPECT_NEAR(normalQuantile(0.995), 2.5758293035489004, 1e-14);
    EXPECT_DOUBLE_EQ(normalQuantile(0.5), 0);
    EXPECT_NEAR(normalQuantile(1e-12), -7.034483825301132, 1e-12);
    EXPECT_NEAR(normalQuantile(0.9), -normalQuantile(0.1), 1e-14);
    for (const double z : {0.01, 0.3, 1.0, 5.0, 8.0})
        EXPECT_NEAR(normalQuantile(twoSidedNormalTail(z) / 2), -z, 1e-12 * z);
}

TEST(SpecialFunctions, DampedHypergeometric) {
    for (const double z : {1e-9, 0.1, 0.5, 0.9, 0.99, 0.9999}) {
        // 2F1(1, 1; 2; z) = -log(1 - z) / z
        EXPECT_NEAR(damped2F1(1, 1, 2, z) / (-(1 - z) * std::log1p(-z) / z), 1, 1e-11) << z;
        // 2F1(a, b; b; z) = (1 - z)^-a
        EXPECT_NEAR(damped2F1(2.5, 3.5, 3.5, z), 1, 1e-10) << z;
        // 2F1(1/2, 1; 3/2; z^2) = atanh(z) / z
        EXPECT_NEAR(damped2F1(0.5, 1, 1.5, z * z) / (std::sqrt(1 - z * z) * std::atanh(z) / z), 1,
                    1e-10)
            << z;
    }
    // Terms beyond the range of double.
    EXPECT_NEAR(damped2F1(5000, 70, 70, 0.9), 1, 1e-9);
    // c < 0: 2F1(1, 1; -1/2; z), by its continuation 2F1(1, 1; 1/2; z), which is known.
    const double z = 0.25;
    const double half =
        1 / (1 - z) * (1 + std::sqrt(z) * std::asin(std::sqrt(z)) / std::sqrt(1 - z));
    double sum = 0;
    double term = 1;
    for (int n = 0; n < 200; n++) {
        sum += term;
        term *= (1.0 + n) * (1.0 + n) / ((-0.5 + n) * (n + 1)) * z;
    }
    EXPECT_GT(half, 1);
    EXPECT_NEAR(damped2F1(1, 1, 0.5, z), half * (1 - z), 1e-14);
    EXPECT_NEAR(damped2F1(1, 1, -0.5, z), sum * (1 - z), 1e-13);
}

}  // namespace
}  // namespace footfall::statistics
