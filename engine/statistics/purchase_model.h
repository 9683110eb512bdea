// BG/NBD (Fader, Hardie and Lee 2005): how often a customer will buy, and whether they still are a
// customer.
//
// While alive, a customer buys at a constant rate, which is Gamma(r, alpha) distributed over the
// customers; after each purchase they leave for good with a probability that is Beta(a, b)
// distributed. All that matters of a customer's past are
//     frequency   periods with a purchase after the first one (periods: days)
//     recency     time from the first to the last purchase
//     age         time from the first purchase to the end of the observation
// The four parameters maximise the mean log likelihood; with a penalizer, less its product with the
// sum of the squared parameters, where time is measured in units of the greatest age (as the
// library lifetimes does, so that its results can be compared).
#pragma once

#include <cstdint>
#include <vector>

namespace footfall::statistics {

struct PurchaseHistory {
    double frequency;
    double recency;
    double age;
};

struct PurchaseParameters {
    double r;
    double alpha;  // in the unit of recency and age
    double a;
    double b;
};

// Histories that customers have in common are kept once.
class PurchaseHistories {
  public:
    struct Group {
        PurchaseHistory history;
        uint64_t customers;
    };

    // Sorts and merges.
    explicit PurchaseHistories(std::vector<PurchaseHistory> histories);
    const std::vector<Group>& groups() const noexcept { return groups_; }
    uint64_t customers() const noexcept { return customers_; }
    bool anyRepeated() const noexcept;

  private:
    std::vector<Group> groups_;  // by frequency, age, recency
    uint64_t customers_;
};

// The mean log likelihood of the histories.
double logLikelihood(const PurchaseHistories& histories, const PurchaseParameters& parameters);

// BadArgument when the histories do not determine the parameters: nobody bought twice, or the
// maximum is at infinity. `poll` is called now and then and may throw.
PurchaseParameters fitPurchases(const PurchaseHistories& histories, double penalizer,
                                void (*poll)());

// What the parameters say of customers.
class PurchaseForecast {
  public:
    explicit PurchaseForecast(const PurchaseParameters& parameters);

    double probabilityAlive(const PurchaseHistory& history) const;
    // Purchases expected within `time` after the end of the observation.
    double expectedPurchases(const PurchaseHistory& history, double time) const;

  private:
    PurchaseParameters parameters_;
};

}  // namespace footfall::statistics
