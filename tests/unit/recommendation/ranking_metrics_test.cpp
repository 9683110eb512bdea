// The metrics of one customer against values worked out by hand, and what a ranker answers.
#include "engine/recommendation/ranking_metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/recommendation/recommendation_data.h"

namespace footfall::recommendation {
namespace {

std::vector<Ranked> ranking(std::initializer_list<uint32_t> products) {
    std::vector<Ranked> ranked;
    for (const uint32_t product : products)
        ranked.push_back({product, 1, false});
    return ranked;
}

TEST(RankingMetrics, HitsAtTheFirstAndThirdPlace) {
    const std::vector<uint32_t> wanted = {2, 5, 9};
    const auto metrics = judge(ranking({5, 1, 2, 7}), wanted, 20, 4);
    EXPECT_DOUBLE_EQ(metrics.precision, 2.0 / 4);
    EXPECT_DOUBLE_EQ(metrics.recall, 2.0 / 3);
    EXPECT_DOUBLE_EQ(metrics.map, (1 + 2.0 / 3) / 3);
    EXPECT_DOUBLE_EQ(metrics.ndcg, (1 + 0.5) / (1 + 1 / std::log2(3) + 0.5));
    // 17 others: one behind one hit, one behind both; 15 further ones are behind both, and behind
    // the wanted one that is left in half of all orders.
    EXPECT_DOUBLE_EQ(metrics.auc, (1 + 2 + 15 * 2.5) / (3 * 17));
}

TEST(RankingMetrics, AllOrNothing) {
    const std::vector<uint32_t> wanted = {1, 2};
    const auto all = judge(ranking({2, 1}), wanted, 10, 2);
    const auto nothing = judge(ranking({3, 4}), wanted, 10, 2);
    for (const double metric : {all.precision, all.recall, all.map, all.ndcg, all.auc})
        EXPECT_DOUBLE_EQ(metric, 1);
    for (const double metric : {nothing.precision, nothing.recall, nothing.map, nothing.ndcg})
        EXPECT_DOUBLE_EQ(metric, 0);
    EXPECT_DOUBLE_EQ(nothing.auc, (6 * 1.0) / (2 * 8));
    // Fewer recommendations than asked for: precision counts the places.
    EXPECT_DOUBLE_EQ(judge(ranking({1}), wanted, 10, 4).precision, 0.25);
    // Nothing else could have been recommended.
    EXPECT_DOUBLE_EQ(judge(ranking({1, 2}), wanted, 2, 2).auc, 1);
}

TEST(RankingMetrics, SampleOfCustomersIsDrawnBySeed) {
    const auto interactions = sampleInteractions(300, 30);
    Recommender recommender;
    recommender.describe(interactions, Events::BeforeSplit);
    Options options;
    const auto all = testCustomers(recommender, interactions, options);
    options.testCustomers = 20;
    const auto some = testCustomers(recommender, interactions, options);
    EXPECT_GT(all.size(), 200U);
    EXPECT_EQ(some.size(), 20U);
    EXPECT_TRUE(std::ranges::is_sorted(some));
    EXPECT_TRUE(std::ranges::includes(all, some));
    EXPECT_EQ(some, testCustomers(recommender, interactions, options));
    options.seed = 7;
    EXPECT_NE(some, testCustomers(recommender, interactions, options));
}

// Three products; the customer bought 0, has seen 1.
Recommender byHand() {
    Recommender recommender;
    recommender.algorithm = Algorithm::Cosine;
    for (const char* name : {"a", "b"})
        recommender.customerIds.add(name);
    for (const char* name : {"p", "q", "r", "s"})
        recommender.productIds.add(name);
    recommender.popularity = {1, 2, 1, 0};
    recommender.history.width = recommender.neighbors.width = 4;
    recommender.history.add(0, 2);
    recommender.history.add(1, 1);
    recommender.history.endRow();
    recommender.history.endRow();
    recommender.bought = {true, false};
    for (const uint32_t neighbor : {1U, 0U, 0U}) {
        recommender.neighbors.add(neighbor, 0.5F);
        recommender.neighbors.endRow();
    }
    recommender.neighbors.endRow();
    return recommender;
}

TEST(Ranker, NeighborsOfWhatACustomerHasThenThePopular) {
    const Recommender recommender = byHand();
    Ranker ranker(recommender);
    const auto ranked = ranker.forCustomer(0, 10, true);
    ASSERT_EQ(ranked.size(), 2U);
    EXPECT_EQ(ranked[0].product, 1U);
    EXPECT_DOUBLE_EQ(ranked[0].score, 1);
    EXPECT_FALSE(ranked[0].popular);
    EXPECT_EQ(ranked[1].product, 2U);
    EXPECT_DOUBLE_EQ(ranked[1].score, 0.5);
    EXPECT_TRUE(ranked[1].popular);
    const auto again = ranker.forCustomer(0, 10, false);
    ASSERT_EQ(again.size(), 3U);
    EXPECT_EQ(again[1].product, 0U);
    EXPECT_DOUBLE_EQ(again[1].score, 0.5);
    // Nothing is left over from the calls before.
    EXPECT_EQ(ranker.forCustomer(1, 1, true)[0].product, 1U);
    EXPECT_EQ(ranker.popular(10).size(), 3U);
    EXPECT_EQ(ranker.similarTo(2, 5).size(), 1U);
    EXPECT_TRUE(ranker.similarTo(3, 5).empty());
}

}  // namespace
}  // namespace footfall::recommendation
