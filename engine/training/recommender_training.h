// The whole of training a recommender: learn from the events before the split, judge by those from
// it on, learn again from all.
#pragma once

#include "engine/recommendation/ranking_metrics.h"

namespace footfall::training {

struct TrainedRecommender {
    recommendation::Recommender recommender;
    // Empty when nothing was judged.
    std::vector<model::MetricRow> metrics;
    uint64_t interactions = 0;   // pairs of customer and product that were learnt from
    uint64_t testCustomers = 0;  // who judged
};

TrainedRecommender trainRecommender(const recommendation::Interactions& interactions,
                                    const recommendation::Options& options, unsigned threads,
                                    model::Monitor& monitor);

}  // namespace footfall::training
