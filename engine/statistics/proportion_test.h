// Two rates compared: did more of these than of those convert?
//
// The score test (the two-proportion z-test with the pooled rate, no continuity correction), and
// the score interval of the ratio of the rates (Koopman 1984), which is the set of ratios that the
// same test does not reject. So the interval leaves out "no difference" exactly when the p-value is
// below 1 - confidence, and rates of 0 and 1 need no special case.
#pragma once

#include <cstdint>
#include <optional>

namespace footfall::statistics {

struct Proportion {
    uint64_t successes;
    uint64_t trials;  // >= successes, > 0

    double rate() const noexcept {
        return static_cast<double>(successes) / static_cast<double>(trials);
    }
};

struct Interval {
    double low;
    double high;
};

// Two-sided; 1 when there is no variance, because then the rates are equal.
double equalRatesPValue(const Proportion& a, const Proportion& b);

// Of a's rate over b's; none when b's is 0.
std::optional<Interval> rateRatioInterval(const Proportion& a, const Proportion& b,
                                          double confidence);

}  // namespace footfall::statistics
