// Recommenders on customers whose tastes are known: quality, the equations ALS solves, the same
// result again and with more threads, bytes that survive, stopping.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "engine/base/checksum.h"
#include "engine/base/error.h"
#include "engine/recommendation/item_neighbors.h"
#include "engine/training/als.h"
#include "engine/training/recommender_training.h"
#include "tests/unit/recommendation/recommendation_data.h"

namespace footfall::training {
namespace {

using namespace recommendation;

const Algorithm kAll[] = {Algorithm::Als, Algorithm::Cosine, Algorithm::Bm25};

Options optionsOf(Algorithm algorithm) {
    Options options = Options::of(algorithm);
    options.factors = 8;
    options.seed = 3;
    return options;
}

TrainedRecommender trained(Algorithm algorithm, unsigned threads = 1) {
    NoMonitor monitor;
    return trainRecommender(sampleInteractions(400, 90), optionsOf(algorithm), threads, monitor);
}

std::vector<std::byte> bytesOf(const Recommender& recommender) {
    base::ByteWriter writer;
    recommender.pack(writer);
    return {writer.bytes().begin(), writer.bytes().end()};
}

TEST(Recommender, KnowsTastes) {
    for (const Algorithm algorithm : kAll) {
        const TrainedRecommender result = trained(algorithm);
        std::map<std::string, double> metrics;
        for (const auto& row : result.metrics)
            metrics[row.metric] = row.value;
        // Of 90 products 20 are left of one's taste, five of which are wanted.
        EXPECT_GT(metrics["precision_at_k"], 0.2) << nameOf(algorithm);
        EXPECT_GT(metrics["auc_at_k"], 0.6) << nameOf(algorithm);
        EXPECT_EQ(metrics["k"], 10);
        Ranker ranker(result.recommender);
        size_t right = 0;
        for (uint32_t customer = 0; customer < 400; customer++) {
            for (const Ranked& ranked : ranker.forCustomer(customer, 5, true))
                right += ranked.product % 3 == customer % 3 ? 1 : 0;
        }
        EXPECT_GT(right, 1900U) << nameOf(algorithm);
        for (const Ranked& ranked : ranker.similarTo(7, 5))
            EXPECT_EQ(ranked.product % 3, 1U) << nameOf(algorithm);
    }
}

TEST(Recommender, IsTheSameAgainAndWithMoreThreads) {
    for (const Algorithm algorithm : kAll) {
        const auto once = bytesOf(trained(algorithm).recommender);
        EXPECT_EQ(once, bytesOf(trained(algorithm, 3).recommender)) << nameOf(algorithm);
        base::ByteReader reader(once);
        EXPECT_EQ(once, bytesOf(Recommender::unpack(reader))) << nameOf(algorithm);
    }
}

TEST(Recommender, BoughtBeforeIsLeftOutAfterRefit) {
    const auto interactions = sampleInteractions(400, 90);
    for (const Algorithm algorithm : kAll) {
        const TrainedRecommender result = trained(algorithm);
        Ranker ranker(result.recommender);
        for (uint32_t customer = 0; customer < 50; customer++) {
            for (const Ranked& ranked : ranker.forCustomer(customer, 20, true)) {
                for (const Interaction& entry : interactions.of(customer))
                    EXPECT_NE(entry.product, ranked.product);
            }
        }
    }
}

// (sum over all products y y' + sum over the customer's alpha w y y' + regularization) x
//     = sum over the customer's (1 + alpha w) y
TEST(Als, SolvesItsEquations) {
    const auto weights = weightsOf(sampleInteractions(200, 40), Events::All);
    Options options = optionsOf(Algorithm::Als);
    options.alpha = 2;
    options.regularization = 0.5;
    options.iterations = 200;
    NoMonitor monitor;
    Progress progress;
    Recommender recommender;
    trainFactors(recommender, weights, options, 1, monitor, progress);
    const size_t width = recommender.factors;
    // The products were solved for last: their equations hold given the customers' factors.
    const auto byProduct = weights.transposed();
    double worst = 0;
    for (uint32_t p = 0; p < 40; p++) {
        const auto x = std::span(recommender.productFactors).subspan(p * width, width);
        std::vector<double> residual(width, 0);
        double size = 0;
        const auto addTerm = [&](std::span<const float> y, double sure, double liked) {
            double product = 0;
            for (size_t i = 0; i < width; i++)
                product += static_cast<double>(y[i]) * x[i];
            for (size_t i = 0; i < width; i++)
                residual[i] += sure * product * y[i] - liked * y[i];
        };
        for (uint32_t c = 0; c < 200; c++)
            addTerm(std::span(recommender.customerFactors).subspan(c * width, width), 1, 0);
        for (size_t e = 0; e < byProduct.entriesOf(p); e++) {
            const double weight = 2.0 * byProduct.valuesOf(p)[e];
            const auto y = std::span(recommender.customerFactors)
                               .subspan(byProduct.columnsOf(p)[e] * width, width);
            addTerm(y, weight, 1 + weight);
            for (size_t i = 0; i < width; i++)
                size += std::abs((1 + weight) * y[i]);
        }
        for (size_t i = 0; i < width; i++)
            worst = std::max(worst, std::abs(residual[i] + 0.5 * x[i]) / size);
    }
    EXPECT_LT(worst, 1e-4);
}

TEST(ItemNeighbors, CosineOfThreeProducts) {
    SparseMatrix weights;
    weights.width = 3;
    for (const auto& row : {std::vector<float>{3, 4, 0}, {0, 1, 0}, {1, 0, 2}}) {
        for (uint32_t i = 0; i < 3; i++) {
            if (row[i] != 0)
                weights.add(i, row[i]);
        }
        weights.endRow();
    }
    NoMonitor monitor;
    Progress progress;
    const auto neighbors =
        findNeighbors(weights, optionsOf(Algorithm::Cosine), 2, monitor, progress);
    ASSERT_EQ(neighbors.entriesOf(0), 2U);
    EXPECT_EQ(neighbors.columnsOf(0)[0], 1U);
    EXPECT_NEAR(neighbors.valuesOf(0)[0], 12 / (std::sqrt(10) * std::sqrt(17)), 1e-6);
    EXPECT_NEAR(neighbors.valuesOf(0)[1], 2 / (std::sqrt(10) * 2), 1e-6);
    ASSERT_EQ(neighbors.entriesOf(1), 1U);
}

TEST(Recommender, DamagedBytesAreRefused) {
    for (const Algorithm algorithm : kAll) {
        const auto good = bytesOf(trained(algorithm).recommender);
        for (size_t place = 0; place < good.size(); place += good.size() / 97) {
            auto bad = good;
            bad[place] ^= std::byte{0x10};
            base::ByteReader reader(bad);
            EXPECT_THROW((void)Recommender::unpack(reader), base::Error);
            const std::span<const std::byte> beginning(good.data(), place);
            base::ByteReader ended(beginning);
            EXPECT_THROW((void)Recommender::unpack(ended), base::Error);
        }
    }
}

struct Impatient final : model::Monitor {
    void check() override {}
    void progress(size_t done, size_t /*total*/) override {
        if (done > 100)
            throw model::Cancelled{};
    }
};

TEST(Recommender, StopsWhenAsked) {
    for (const Algorithm algorithm : kAll) {
        for (const unsigned threads : {1U, 3U}) {
            Impatient monitor;
            EXPECT_THROW((void)trainRecommender(sampleInteractions(400, 200), optionsOf(algorithm),
                                                threads, monitor),
                         model::Cancelled);
        }
    }
}

TEST(Recommender, NothingToJudgeBy) {
    auto interactions = sampleInteractions(50, 30);
    for (auto& entry : interactions.entries)
        entry.bought &= ~Interaction::kBoughtLater;
    NoMonitor monitor;
    Options options = optionsOf(Algorithm::Als);
    EXPECT_THROW((void)trainRecommender(interactions, options, 1, monitor), base::Error);
    options.testFraction = 0;
    EXPECT_TRUE(trainRecommender(interactions, options, 1, monitor).metrics.empty());
}

TEST(Recommender, OptionsAreChecked) {
    Options options = Options::of(Algorithm::Als);
    options.set("factors", "12");
    options.set("refit", "false");
    EXPECT_EQ(options.factors, 12);
    EXPECT_FALSE(options.refit);
    for (const auto& [name, value] : {std::pair{"factors", "0"},
                                      {"factors", "1.5"},
                                      {"alpha", "nan"},
                                      {"neighbors", "5"},
                                      {"K1", "1"},
                                      {"refit", "yes"},
                                      {"colour", "red"},
                                      {"test_fraction", "1"}})
        EXPECT_THROW(options.set(name, value), base::Error) << name;
    EXPECT_THROW((void)algorithmNamed("svd"), base::Error);
}

}  // namespace
}  // namespace footfall::training
