// See recommender_training.h.
#include "engine/training/recommender_training.h"

#include "engine/base/error.h"
#include "engine/recommendation/item_neighbors.h"
#include "engine/training/als.h"

namespace footfall::training {

using recommendation::Algorithm;
using recommendation::Events;
using recommendation::Interactions;
using recommendation::Options;
using recommendation::Progress;
using recommendation::Recommender;

namespace {

uint64_t rowsToLearn(const Interactions& interactions, const Options& options) {
    const uint64_t products = interactions.products();
    if (options.algorithm != Algorithm::Als)
        return products;
    return (products + interactions.customers()) * static_cast<uint64_t>(options.iterations);
}

uint64_t learn(Recommender& recommender, const Interactions& interactions, Events events,
               const Options& options, unsigned threads, model::Monitor& monitor,
               Progress& progress) {
    recommender.algorithm = options.algorithm;
    recommender.describe(interactions, events);
    const auto weights = weightsOf(interactions, events);
    if (weights.columns.empty())
        base::throwBadArgument("there are no events to learn from%s",
                               events == Events::BeforeSplit ? " before the split" : "");
    if (options.algorithm == Algorithm::Als) {
        trainFactors(recommender, weights, options, threads, monitor, progress);
    } else {
        recommender.neighbors = findNeighbors(weights, options, threads, monitor, progress);
    }
    return weights.columns.size();
}

}  // namespace

TrainedRecommender trainRecommender(const Interactions& interactions, const Options& options,
                                    unsigned threads, model::Monitor& monitor) {
    TrainedRecommender result;
    const bool judged = options.testFraction > 0;
    const uint64_t rows = rowsToLearn(interactions, options);
    Progress progress;
    progress.total = rows * (judged && options.refit ? 2 : 1) + interactions.customers();
    if (judged) {
        result.interactions = learn(result.recommender, interactions, Events::BeforeSplit, options,
                                    threads, monitor, progress);
        const auto customers = testCustomers(result.recommender, interactions, options);
        if (customers.empty()) {
            throw base::Error(base::ErrorKind::BadArgument,
                              "nobody bought anything new to them from the split on")
                .withHint(
                    "Give an earlier split, say what a purchase is (purchase => ...), or train "
                    "without testing: {\"test_fraction\": 0}.");
        }
        const auto found = evaluate(result.recommender, interactions, customers, options, threads,
                                    monitor, progress);
        result.testCustomers = customers.size();
        result.metrics = {{"precision_at_k", "", found.precision},
                          {"recall_at_k", "", found.recall},
                          {"map_at_k", "", found.map},
                          {"ndcg_at_k", "", found.ndcg},
                          {"auc_at_k", "", found.auc},
                          {"k", "", options.k}};
    }
    if (!judged || options.refit) {
        result.recommender = {};
        result.interactions = learn(result.recommender, interactions, Events::All, options, threads,
                                    monitor, progress);
    }
    return result;
}

}  // namespace footfall::training
