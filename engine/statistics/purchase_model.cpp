// See purchase_model.h.
#include "engine/statistics/purchase_model.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <tuple>

#include "engine/base/error.h"
#include "engine/statistics/minimizer.h"
#include "engine/statistics/special_functions.h"

namespace footfall::statistics {

namespace {

bool before(const PurchaseHistory& a, const PurchaseHistory& b) {
    return std::tie(a.frequency, a.age, a.recency) < std::tie(b.frequency, b.age, b.recency);
}

// What depends on the frequency alone, so that gamma functions are called once for each frequency.
struct FrequencyTerms {
    double value;
    double byR;
    double byA;
    double byB;

    FrequencyTerms(const PurchaseParameters& p, double x)
        : value(std::lgamma(p.r + x) - std::lgamma(p.r) + p.r * std::log(p.alpha) +
                std::lgamma(p.a + p.b) + std::lgamma(p.b + x) - std::lgamma(p.b) -
                std::lgamma(p.a + p.b + x)),
          byR(digamma(p.r + x) - digamma(p.r) + std::log(p.alpha)),
          byA(digamma(p.a + p.b) - digamma(p.a + p.b + x)),
          byB(byA + digamma(p.b + x) - digamma(p.b)) {}
};

struct Likelihood {
    double value = 0;
    double byR = 0;
    double byAlpha = 0;
    double byA = 0;
    double byB = 0;
};

// The mean over the customers, and its gradient.
Likelihood likelihoodOf(const PurchaseHistories& histories, const PurchaseParameters& p,
                        double timeUnit) {
    Likelihood sum;
    double frequency = -1;
    FrequencyTerms terms(p, 0);
    for (const PurchaseHistories::Group& group : histories.groups()) {
        const double x = group.history.frequency;
        const double age = group.history.age / timeUnit;
        const double recency = group.history.recency / timeUnit;
        if (x != frequency) {
            terms = FrequencyTerms(p, x);
            frequency = x;
        }
        // Two ways to the same past: still alive, or gone after the last purchase.
        const double alive = -(p.r + x) * std::log(p.alpha + age);
        double log = alive;
        double goneShare = 0;
        if (x > 0) {
            const double gone =
                std::log(p.a) - std::log(p.b + x - 1) - (p.r + x) * std::log(p.alpha + recency);
            const double more = std::max(alive, gone);
            log = more + std::log(std::exp(alive - more) + std::exp(gone - more));
            goneShare = std::exp(gone - log);
        }
        const double aliveShare = 1 - goneShare;
        const auto weight = static_cast<double>(group.customers);
        sum.value += weight * (terms.value + log);
        sum.byR += weight * (terms.byR - aliveShare * std::log(p.alpha + age) -
                             goneShare * std::log(p.alpha + recency));
        sum.byAlpha += weight * (p.r / p.alpha - (p.r + x) * (aliveShare / (p.alpha + age) +
                                                              goneShare / (p.alpha + recency)));
        sum.byA += weight * (terms.byA + goneShare / p.a);
        sum.byB += weight * (terms.byB - (x > 0 ? goneShare / (p.b + x - 1) : 0));
    }
    const auto customers = static_cast<double>(histories.customers());
    return {sum.value / customers, sum.byR / customers, sum.byAlpha / customers,
            sum.byA / customers, sum.byB / customers};
}

[[noreturn]] void throwUndetermined() {
    throw base::Error(base::ErrorKind::BadArgument,
                      "the purchases do not determine how often customers come back")
        .withHint(
            "Take a longer time or more customers, or a penalizer such as 0.001, which keeps "
            "parameters finite.");
}

}  // namespace

PurchaseHistories::PurchaseHistories(std::vector<PurchaseHistory> histories)
    : customers_(histories.size()) {
    std::ranges::sort(histories, before);
    for (const PurchaseHistory& history : histories) {
        if (groups_.empty() || before(groups_.back().history, history))
            groups_.push_back({history, 0});
        groups_.back().customers++;
    }
}

bool PurchaseHistories::anyRepeated() const noexcept {
    return !groups_.empty() && groups_.back().history.frequency > 0;
}

double logLikelihood(const PurchaseHistories& histories, const PurchaseParameters& parameters) {
    return likelihoodOf(histories, parameters, 1).value;
}

PurchaseParameters fitPurchases(const PurchaseHistories& histories, double penalizer,
                                void (*poll)()) {
    if (!histories.anyRepeated()) {
        throw base::Error(base::ErrorKind::BadArgument,
                          "no customer bought in more than one period")
            .withHint("Take a longer time, or look at the condition that says what a purchase is.");
    }
    double longest = 0;
    for (const PurchaseHistories::Group& group : histories.groups())
        longest = std::max(longest, group.history.age);
    // In logarithms, because all four are positive.
    const auto objective = [&](std::span<const double> at, std::span<double> gradient) {
        poll();
        const double values[] = {std::exp(at[0]), std::exp(at[1]), std::exp(at[2]),
                                 std::exp(at[3])};
        const Likelihood likelihood =
            likelihoodOf(histories, {values[0], values[1], values[2], values[3]}, longest);
        const double slopes[] = {likelihood.byR, likelihood.byAlpha, likelihood.byA,
                                 likelihood.byB};
        double cost = -likelihood.value;
        for (size_t i = 0; i < 4; i++) {
            cost += penalizer * values[i] * values[i];
            gradient[i] = values[i] * (2 * penalizer * values[i] - slopes[i]);
        }
        return cost;
    };
    const Minimum best = minimize(objective, {0.1, 0.1, 0.1, 0.1});
    constexpr double kFarthest = 25;  // a logarithm: what is that far out is on its way to infinity
    if (!best.converged ||
        std::ranges::any_of(best.at, [](double at) { return std::fabs(at) > kFarthest; }))
        throwUndetermined();
    return {std::exp(best.at[0]), std::exp(best.at[1]) * longest, std::exp(best.at[2]),
            std::exp(best.at[3])};
}

PurchaseForecast::PurchaseForecast(const PurchaseParameters& parameters) : parameters_(parameters) {
    // The expectation is 0/0 where a = 1, and its series breaks down where a + b = 1; both are
    // smooth there, so a step aside changes less than the estimate is worth.
    constexpr double kAside = 1e-6;
    if (std::fabs(parameters_.a - 1) < kAside)
        parameters_.a = 1 + kAside;
    if (std::fabs(parameters_.a + parameters_.b - 1) < kAside)
        parameters_.b += 2 * kAside;
}

double PurchaseForecast::probabilityAlive(const PurchaseHistory& history) const {
    const PurchaseParameters& p = parameters_;
    const double x = history.frequency;
    if (x == 0)
        return 1;  // nobody leaves but after a repeated purchase
    const double logOdds =
        (p.r + x) * std::log((p.alpha + history.age) / (p.alpha + history.recency)) +
        std::log(p.a / (p.b + x - 1));
    return 1 / (1 + std::exp(logOdds));
}

double PurchaseForecast::expectedPurchases(const PurchaseHistory& history, double time) const {
    const PurchaseParameters& p = parameters_;
    const double x = history.frequency;
    if (!(time > 0))
        return 0;
    const double c = p.a + p.b + x - 1;
    const double series = damped2F1(p.r + x, p.b + x, c, time / (p.alpha + history.age + time));
    return c / (p.a - 1) * (1 - series) * probabilityAlive(history);
}

}  // namespace footfall::statistics
