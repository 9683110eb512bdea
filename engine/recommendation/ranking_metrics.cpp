// See ranking_metrics.h.
#include "engine/recommendation/ranking_metrics.h"

#include <cmath>

#include "engine/model/random.h"

namespace footfall::recommendation {

namespace {

double gain(size_t rank) {
    return 1 / std::log2(static_cast<double>(rank) + 1);
}

// What the customer bought from the split on, had not bought before, and could have been
// recommended.
std::vector<uint32_t> wantedBy(uint32_t customer, const Recommender& recommender,
                               const Interactions& interactions) {
    std::vector<uint32_t> wanted;
    for (const Interaction& entry : interactions.of(customer)) {
        if (entry.bought == Interaction::kBoughtLater && recommender.popularity[entry.product] > 0)
            wanted.push_back(entry.product);
    }
    return wanted;
}

bool hasHistory(uint32_t customer, const Interactions& interactions) {
    return std::ranges::any_of(interactions.of(customer),
                               [](const Interaction& entry) { return entry.before > 0; });
}

uint64_t candidatesFor(uint32_t customer, const Recommender& recommender,
                       const Interactions& interactions, uint64_t known) {
    for (const Interaction& entry : interactions.of(customer)) {
        if (isBought(entry, Events::BeforeSplit) && recommender.popularity[entry.product] > 0)
            known--;
    }
    return known;
}

}  // namespace

RankingMetrics judge(std::span<const Ranked> ranked, std::span<const uint32_t> wanted,
                     uint64_t candidates, size_t k) {
    const auto positives = static_cast<double>(wanted.size());
    const double negatives = static_cast<double>(candidates) - positives;
    RankingMetrics metrics;
    double hits = 0;
    double misses = 0;
    double ideal = 0;
    for (size_t rank = 1; rank <= std::min(k, wanted.size()); rank++)
        ideal += gain(rank);
    for (size_t i = 0; i < std::min(k, ranked.size()); i++) {
        if (std::ranges::binary_search(wanted, ranked[i].product)) {
            hits++;
            metrics.map += hits / static_cast<double>(i + 1);
            metrics.ndcg += gain(i + 1) / ideal;
        } else {
            misses++;
            metrics.auc += hits;
        }
    }
    metrics.precision = hits / static_cast<double>(k);
    metrics.recall = hits / positives;
    metrics.map /= static_cast<double>(std::min(k, wanted.size()));
    // Of each product behind the first k that is not wanted, half of the wanted ones behind them
    // stand before it, and all that were hit.
    metrics.auc += (hits + positives) / 2 * (negatives - misses);
    metrics.auc = negatives > 0 ? metrics.auc / (positives * negatives) : 1;
    return metrics;
}

std::vector<uint32_t> testCustomers(const Recommender& recommender,
                                    const Interactions& interactions, const Options& options) {
    std::vector<uint32_t> chosen;
    for (uint32_t customer = 0; customer < interactions.customers(); customer++) {
        if (hasHistory(customer, interactions) &&
            !wantedBy(customer, recommender, interactions).empty())
            chosen.push_back(customer);
    }
    const auto most = static_cast<size_t>(options.testCustomers);
    if (chosen.size() > most) {
        constexpr uint64_t kStream = 2;
        model::Random(static_cast<uint64_t>(options.seed), kStream).shuffle(chosen);
        chosen.resize(most);
        std::ranges::sort(chosen);
    }
    return chosen;
}

RankingMetrics evaluate(const Recommender& recommender, const Interactions& interactions,
                        std::span<const uint32_t> customers, const Options& options,
                        unsigned threads, model::Monitor& monitor, Progress& progress) {
    const auto k = static_cast<size_t>(options.k);
    const auto known = static_cast<uint64_t>(
        std::ranges::count_if(recommender.popularity, [](uint32_t count) { return count > 0; }));
    std::vector<Ranker> rankers(threads, Ranker(recommender));
    std::vector<RankingMetrics> found(customers.size());
    parallelRows(static_cast<uint32_t>(customers.size()), threads, monitor, progress,
                 [&](unsigned thread, uint32_t i) {
                     const uint32_t customer = customers[i];
                     found[i] = judge(rankers[thread].forCustomer(customer, k, true),
                                      wantedBy(customer, recommender, interactions),
                                      candidatesFor(customer, recommender, interactions, known), k);
                 });
    RankingMetrics mean;
    for (const RankingMetrics& one : found) {
        mean.precision += one.precision;
        mean.recall += one.recall;
        mean.map += one.map;
        mean.ndcg += one.ndcg;
        mean.auc += one.auc;
    }
    const auto count = static_cast<double>(customers.size());
    for (double* metric : {&mean.precision, &mean.recall, &mean.map, &mean.ndcg, &mean.auc})
        *metric /= count;
    return mean;
}

}  // namespace footfall::recommendation
