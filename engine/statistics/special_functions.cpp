// See special_functions.h.
#include "engine/statistics/special_functions.h"

#include <cmath>

namespace footfall::statistics {

double digamma(double x) {
    // By recurrence to where the asymptotic series is exact to double precision.
    double result = 0;
    while (x < 10) {
        result -= 1 / x;
        x += 1;
    }
    const double y = 1 / (x * x);
    // Bernoulli numbers over 2k: 1/12, 1/120, 1/252, 1/240, 1/132, 691/32760, 1/12.
    const double series =
        y * (1.0 / 12 -
             y * (1.0 / 120 -
                  y * (1.0 / 252 -
                       y * (1.0 / 240 - y * (1.0 / 132 - y * (691.0 / 32760 - y * (1.0 / 12)))))));
    return result + std::log(x) - 0.5 / x - series;
}

double normalQuantile(double p) {
    // The tail is inverted, where the distribution keeps its relative precision: Newton's method on
    // the logarithm of the tail. That is concave, so the steps from beyond the root never cross it,
    // and a bound of the tail is such a start: Q(z) <= exp(-z^2 / 2) / 2.
    const double tail = p < 0.5 ? p : 1 - p;
    double z = std::sqrt(std::fmax(0, -2 * std::log(2 * tail)));
    for (int i = 0; i < 100; i++) {
        const double upper = 0.5 * std::erfc(z / std::sqrt(2.0));
        const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * M_PI);
        const double step = (std::log(upper) - std::log(tail)) * upper / density;
        z += step;
        if (std::fabs(step) <= 1e-15 * std::fabs(z))
            break;
    }
    return p < 0.5 ? -z : z;
}

double twoSidedNormalTail(double z) {
    return std::erfc(std::fabs(z) / std::sqrt(2.0));
}

double damped2F1(double a, double b, double c, double z) {
    constexpr double kLarge = 1e250;
    constexpr double kEnough = 1e-17;
    double logScale = a * std::log1p(-z);
    double term = 1;
    double sum = 1;
    // From some n on the ratio of two terms is below 1 and on its way to z: what is left is then
    // less than a geometric series.
    for (double n = 0;; n++) {
        const double ratio = (a + n) * (b + n) / ((c + n) * (n + 1)) * z;
        term *= ratio;
        sum += term;
        const double next = (a + n + 1) * (b + n + 1) / ((c + n + 1) * (n + 2)) * z;
        const double bound = next > z ? next : z;
        if (c + n > 0 && bound < 1 &&
            std::fabs(term) * bound <= kEnough * (1 - bound) * std::fabs(sum))
            break;
        if (std::fabs(sum) > kLarge) {
            sum /= kLarge;
            term /= kLarge;
            logScale += std::log(kLarge);
        }
    }
    return sum * std::exp(logScale);
}

}  // namespace footfall::statistics
