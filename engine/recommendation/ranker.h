// The best products for a customer, or beside a product.
//
// Equal scores are in the order of the products' numbers, so an answer never depends on chance. A
// ranker has room of its own to work in: one a thread.
#pragma once

#include "engine/recommendation/recommender.h"

namespace footfall::recommendation {

struct Ranked {
    uint32_t product;
    double score;
    // Not by what the customer did, but by how many customers had it: `score` is their share.
    bool popular;
};

class Ranker {
  public:
    // The recommender must outlive it.
    explicit Ranker(const Recommender& recommender);

    // The best first. Where the customer's history does not give `count` of them, the most popular
    // ones follow.
    std::vector<Ranked> forCustomer(uint32_t customer, size_t count, bool excludeBought);
    std::vector<Ranked> popular(size_t count);
    // By the cosine of the factors, or by the neighbours' similarity.
    std::vector<Ranked> similarTo(uint32_t product, size_t count) const;

  private:
    std::vector<Ranked> byFactors(uint32_t customer, size_t count) const;
    std::vector<Ranked> byNeighbors(uint32_t customer, size_t count);
    void fillUp(std::vector<Ranked>& chosen, size_t count);

    const Recommender* recommender_;
    std::vector<uint8_t> excluded_;      // by product; all 0 between calls
    std::vector<double> scores_;         // by product; all 0 between calls
    std::vector<uint32_t> mostPopular_;  // sorted when first asked for
};

}  // namespace footfall::recommendation
