// See spend_model.h.
#include "engine/statistics/spend_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "engine/base/error.h"
#include "engine/statistics/minimizer.h"
#include "engine/statistics/special_functions.h"

namespace footfall::statistics {

namespace {

// What depends on the number of purchases alone.
struct PurchaseTerms {
    double value;
    double digammaSum;   // of px + q
    double digammaPart;  // of px

    PurchaseTerms(const SpendParameters& s, double x)
        : value(std::lgamma(s.p * x + s.q) - std::lgamma(s.p * x) - std::lgamma(s.q) +
                s.q * std::log(s.v) + s.p * x * std::log(x)),
          digammaSum(digamma(s.p * x + s.q)),
          digammaPart(digamma(s.p * x)) {}
};

struct Likelihood {
    double value = 0;
    double byP = 0;
    double byQ = 0;
    double byV = 0;
};

Likelihood likelihoodOf(const std::vector<Spending>& customers, const SpendParameters& s,
                        double moneyUnit) {
    Likelihood sum;
    const double digammaQ = digamma(s.q);
    const double logV = std::log(s.v);
    double purchases = -1;
    PurchaseTerms terms(s, 1);
    for (const Spending& customer : customers) {
        const double x = customer.purchases;
        const double mean = customer.mean / moneyUnit;
        if (x != purchases) {
            terms = PurchaseTerms(s, x);
            purchases = x;
        }
        const double logMean = std::log(mean);
        const double total = x * mean + s.v;
        const double logTotal = std::log(total);
        sum.value += terms.value + (s.p * x - 1) * logMean - (s.p * x + s.q) * logTotal;
        sum.byP += x * (terms.digammaSum - terms.digammaPart + logMean + std::log(x) - logTotal);
        sum.byQ += terms.digammaSum - digammaQ + logV - logTotal;
        sum.byV += s.q / s.v - (s.p * x + s.q) / total;
    }
    const auto count = static_cast<double>(customers.size());
    return {sum.value / count, sum.byP / count, sum.byQ / count, sum.byV / count};
}

}  // namespace

double logLikelihood(const std::vector<Spending>& customers, const SpendParameters& parameters) {
    return likelihoodOf(customers, parameters, 1).value;
}

SpendParameters fitSpending(std::vector<Spending>& customers, double penalizer, void (*poll)()) {
    if (customers.empty()) {
        throw base::Error(base::ErrorKind::BadArgument,
                          "no customer with a repeated purchase has spent anything")
            .withHint("Look at the amount that footfall.configure has for the events.");
    }
    std::ranges::sort(customers, {}, &Spending::purchases);
    double unit = 0;
    for (const Spending& customer : customers)
        unit += customer.mean / static_cast<double>(customers.size());
    // In logarithms; v has the unit of money, the others have none.
    const auto objective = [&](std::span<const double> at, std::span<double> gradient) {
        poll();
        const double values[] = {std::exp(at[0]), std::exp(at[1]), std::exp(at[2])};
        const Likelihood likelihood =
            likelihoodOf(customers, {values[0], values[1], values[2]}, unit);
        const double slopes[] = {likelihood.byP, likelihood.byQ, likelihood.byV};
        const double scales[] = {1, 1, unit};
        double cost = -likelihood.value;
        for (size_t i = 0; i < 3; i++) {
            const double size = values[i] * scales[i];
            cost += penalizer * size * size;
            gradient[i] = 2 * penalizer * size * size - values[i] * slopes[i];
        }
        return cost;
    };
    const Minimum best = minimize(objective, {0, 0, 0});
    constexpr double kFarthest = 25;  // a logarithm: what is that far out is on its way to infinity
    if (!best.converged ||
        std::ranges::any_of(best.at, [](double at) { return std::fabs(at) > kFarthest; })) {
        throw base::Error(base::ErrorKind::BadArgument,
                          "the amounts do not determine how much customers spend")
            .withHint(
                "Amounts that hardly differ, or few customers, do that: take more of them, "
                "or a penalizer such as 0.001.");
    }
    return {std::exp(best.at[0]), std::exp(best.at[1]), std::exp(best.at[2]) * unit};
}

double expectedSpend(const SpendParameters& parameters, const Spending& spending) {
    const double x = spending.purchases;
    const double weight = parameters.p * x + parameters.q - 1;
    if (!(weight > 0))
        return std::numeric_limits<double>::quiet_NaN();
    return parameters.p * (parameters.v + x * spending.mean) / weight;
}

}  // namespace footfall::statistics
