// See proportion_test.h.
#include "engine/statistics/proportion_test.h"

#include <cmath>
#include <limits>

#include "engine/statistics/special_functions.h"

namespace footfall::statistics {

namespace {

// How far the data are from rates in this ratio, in standard deviations; falls as the ratio rises.
// The rates that fit best while in this ratio solve a quadratic equation.
double ratioScore(const Proportion& a, const Proportion& b, double ratio) {
    const auto n1 = static_cast<double>(a.trials);
    const auto n2 = static_cast<double>(b.trials);
    const auto x1 = static_cast<double>(a.successes);
    const auto x2 = static_cast<double>(b.successes);
    const double square = (n1 + n2) * ratio;
    const double linear = n1 * ratio + x1 + n2 + x2 * ratio;
    const double constant = x1 + x2;
    const double root = std::sqrt(std::fmax(0, linear * linear - 4 * square * constant));
    const double rate2 = std::fmin(1, 2 * constant / (linear + root));
    const double rate1 = std::fmin(1, ratio * rate2);
    const double variance = rate1 * (1 - rate1) / n1 + ratio * ratio * rate2 * (1 - rate2) / n2;
    const double distance = x1 / n1 - ratio * x2 / n2;
    if (variance <= 0) {
        const double infinity = std::numeric_limits<double>::infinity();
        return distance == 0 ? 0 : (distance > 0 ? infinity : -infinity);
    }
    return distance / std::sqrt(variance);
}

// The logarithm of the ratio with the given score: it lies between `from`, where the score is still
// nearer to 0, and somewhere in the direction of `step`.
double solve(const Proportion& a, const Proportion& b, double score, double from, double step) {
    constexpr double kFarthest = 700;  // e^700 is the end of double
    const auto beyond = [&](double at) {
        const double value = ratioScore(a, b, std::exp(at));
        return step < 0 ? value >= score : value <= score;
    };
    double inside = from;
    double outside = from + step;
    while (!beyond(outside) && std::fabs(outside) < kFarthest) {
        inside = outside;
        step *= 2;
        outside += step;
    }
    for (int i = 0; i < 200 && inside != outside; i++) {
        const double middle = 0.5 * (inside + outside);
        if (middle == inside || middle == outside)
            break;
        (beyond(middle) ? outside : inside) = middle;
    }
    return std::exp(0.5 * (inside + outside));
}

}  // namespace

double equalRatesPValue(const Proportion& a, const Proportion& b) {
    const auto n1 = static_cast<double>(a.trials);
    const auto n2 = static_cast<double>(b.trials);
    const double pooled =
        (static_cast<double>(a.successes) + static_cast<double>(b.successes)) / (n1 + n2);
    const double variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2);
    if (!(variance > 0))
        return 1;
    return twoSidedNormalTail((a.rate() - b.rate()) / std::sqrt(variance));
}

std::optional<Interval> rateRatioInterval(const Proportion& a, const Proportion& b,
                                          double confidence) {
    if (b.successes == 0)
        return std::nullopt;
    const double score = normalQuantile(0.5 + confidence / 2);
    // Nobody of a converted: the ratio is 0, and so is the lower end; a ratio that is as good as 0
    // is where the search for the upper one begins.
    const double least = 1e-6 / static_cast<double>(a.trials);
    const double from = std::log(std::fmax(a.rate(), least) / b.rate());
    const double low = a.successes == 0 ? 0 : solve(a, b, score, from, -0.1);
    const double high = solve(a, b, -score, from, 0.1);
    return Interval{low, high};
}

}  // namespace footfall::statistics
