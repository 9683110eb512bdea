// How good recommendations are, judged by what customers bought after the split.
//
// A customer counts who has a history before the split and bought, from it on, a product that
// others had before and that is new to them. What they bought before is left out of what is
// recommended, products nobody had before out of what is wanted. With hits among the k best:
//   precision  hits / k
//   recall     hits / wanted
//   map        the mean of (hits so far / rank) over the hits' ranks, over min(k, wanted)
//   ndcg       the sum of 1 / log2(rank + 1) over the hits, over the most it could be
//   auc        the share of pairs of a wanted and another product that are in the right order,
//              those behind the first k taken as being in random order
// each averaged over the customers.
#pragma once

#include "engine/model/metrics.h"
#include "engine/recommendation/parallel_rows.h"
#include "engine/recommendation/ranker.h"

namespace footfall::recommendation {

struct RankingMetrics {
    double precision = 0;
    double recall = 0;
    double map = 0;
    double ndcg = 0;
    double auc = 0;
};

// Of one customer. `wanted` rises; `candidates`: how many products could be recommended.
RankingMetrics judge(std::span<const Ranked> ranked, std::span<const uint32_t> wanted,
                     uint64_t candidates, size_t k);

// The customers that are judged, rising: all, or a sample drawn by the seed.
std::vector<uint32_t> testCustomers(const Recommender& recommender,
                                    const Interactions& interactions, const Options& options);

// `recommender` has learnt from the events before the split. The mean over `customers`.
RankingMetrics evaluate(const Recommender& recommender, const Interactions& interactions,
                        std::span<const uint32_t> customers, const Options& options,
                        unsigned threads, model::Monitor& monitor, Progress& progress);

}  // namespace footfall::recommendation
