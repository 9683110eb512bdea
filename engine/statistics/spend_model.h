// Gamma-Gamma (Fader and Hardie 2013): how much a customer spends on a purchase.
//
// What a customer spends is Gamma distributed with shape p around a mean of their own; the scale of
// those means is Gamma(q, v) distributed. Customers with a repeated purchase and a positive mean
// take part in the estimate; for who bought once it gives the mean of all.
#pragma once

#include <vector>

namespace footfall::statistics {

struct Spending {
    double purchases;  // repeated ones, > 0
    double mean;       // of their amounts, > 0
};

struct SpendParameters {
    double p;
    double q;
    double v;
};

// The mean log likelihood.
double logLikelihood(const std::vector<Spending>& customers, const SpendParameters& parameters);

// Sorts `customers`. BadArgument when they do not determine the parameters. The penalizer is as in
// purchase_model.h. `poll` is called now and then and may throw.
SpendParameters fitSpending(std::vector<Spending>& customers, double penalizer, void (*poll)());

// The mean that a customer's further purchases will have; NaN where it is infinite. 0 purchases:
// that of a customer of whom nothing is known.
double expectedSpend(const SpendParameters& parameters, const Spending& spending);

}  // namespace footfall::statistics
