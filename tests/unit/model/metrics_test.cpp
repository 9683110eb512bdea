// Metrics, calibration, splits, drift and options against answers worked out by hand or by brute
// force.
#include "engine/model/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <cmath>

#include "engine/base/error.h"
#include "engine/model/calibration.h"
#include "engine/model/cart.h"
#include "engine/model/drift.h"
#include "engine/model/options.h"
#include "tests/unit/model/model_data.h"

namespace footfall::model {
namespace {

TEST(Metrics, AreTheirDefinitions) {
    const std::vector<double> said = {0.1, 0.4, 0.35, 0.8};
    const std::vector<uint8_t> happened = {0, 0, 1, 1};
    const Metrics metrics = evaluate(said, happened);
    EXPECT_DOUBLE_EQ(metrics.rocAuc, 0.75);
    EXPECT_NEAR(metrics.prAuc, 0.8333333333, 1e-9);
    EXPECT_DOUBLE_EQ(metrics.ks, 0.5);
    EXPECT_NEAR(metrics.brier, (0.01 + 0.16 + 0.4225 + 0.04) / 4, 1e-12);
    EXPECT_NEAR(metrics.logLoss,
                -(std::log(0.9) + std::log(0.6) + std::log(0.35) + std::log(0.8)) / 4, 1e-12);
    EXPECT_DOUBLE_EQ(metrics.accuracy, 0.75);
    EXPECT_DOUBLE_EQ(metrics.precision, 1);
    EXPECT_DOUBLE_EQ(metrics.recall, 0.5);
    EXPECT_NEAR(metrics.f1, 2.0 / 3, 1e-12);
    EXPECT_EQ(metrics.falseNegatives, 1U);
    EXPECT_THROW(evaluate(said, std::vector<uint8_t>{1, 1, 1, 1}), base::Error);
}

TEST(Metrics, AreaUnderTheCurveCountsPairsAndTiesHalf) {
    Random random(3);
    std::vector<double> scores;
    std::vector<uint8_t> labels;
    for (int i = 0; i < 300; i++) {
        labels.push_back(random.below(3) == 0 ? 1 : 0);
        scores.push_back(random.below(20) + 4.0 * labels.back());
    }
    double won = 0, pairs = 0;
    for (size_t i = 0; i < scores.size(); i++) {
        for (size_t j = 0; j < scores.size(); j++) {
            if (labels[i] != 0 && labels[j] == 0) {
                pairs += 1;
                won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            }
        }
    }
    EXPECT_NEAR(rocAuc(scores, labels), won / pairs, 1e-12);
}

TEST(Metrics, LiftIsOfTheLikeliestFirst) {
    std::vector<double> said;
    std::vector<uint8_t> happened;
    for (int i = 0; i < 100; i++) {
        said.push_back(i / 100.0);
        happened.push_back(i >= 80 ? 1 : 0);
    }
    const Metrics metrics = evaluate(said, happened);
    ASSERT_EQ(metrics.lift.size(), 10U);
    EXPECT_DOUBLE_EQ(metrics.lift[0], 5);
    EXPECT_DOUBLE_EQ(metrics.lift[1], 5);
    EXPECT_DOUBLE_EQ(metrics.lift[2], 0);
    EXPECT_EQ(metrics.bins.front().rate, 0);
    EXPECT_EQ(metrics.bins.back().rate, 1);
}

TEST(Calibration, PlattFindsTheSigmoidThatWasDrawnFrom) {
    Random random(9);
    std::vector<double> margins;
    std::vector<uint8_t> labels;
    for (int i = 0; i < 50000; i++) {
        margins.push_back(100 * random.fraction());
        const double p = 1 / (1 + std::exp(-(0.06 * margins.back() - 4)));
        labels.push_back(random.fraction() < p ? 1 : 0);
    }
    const Calibration found = fitPlatt(margins, labels);
    EXPECT_NEAR(found.slope, -0.06, 0.003);
    EXPECT_NEAR(found.offset, 4, 0.2);
    EXPECT_NEAR(found.probability(50, false), 1 / (1 + std::exp(1.0)), 0.01);
    // Margins that say nothing give the share of the label.
    const std::vector<double> same(100, 3.0);
    std::vector<uint8_t> few(100, 0);
    std::fill_n(few.begin(), 25, uint8_t{1});
    EXPECT_NEAR(fitPlatt(same, few).probability(3, false), 0.25, 0.01);
}

TEST(Calibration, IsotonicPoolsViolators) {
    const std::vector<double> margins = {1, 2, 3, 4, 5, 5};
    const std::vector<uint8_t> labels = {0, 1, 0, 1, 1, 0};
    const Calibration found = fitIsotonic(margins, labels);
    // 1 | 2 3 pooled | 4 5 5 pooled: 0, 1/2, 2/3.
    EXPECT_DOUBLE_EQ(found.probability(0, false), 0);
    EXPECT_DOUBLE_EQ(found.probability(2, false), 0.5);
    EXPECT_DOUBLE_EQ(found.probability(2.5, false), 0.5);
    EXPECT_DOUBLE_EQ(found.probability(3.5, false), (0.5 + 2.0 / 3) / 2);
    EXPECT_DOUBLE_EQ(found.probability(9, false), 2.0 / 3);
    EXPECT_TRUE(std::ranges::is_sorted(found.probabilities));
}

TEST(Split, ByTimeKeepsTheLatestForTheTest) {
    Dataset dataset = sampleDataset(1000);
    std::vector<double> times;
    Random random(4);
    for (size_t row = 0; row < dataset.rows(); row++)
        times.push_back(random.below(12));
    splitByTime(dataset, times, 0.25, 0.25, 0);
    double lastOf[3] = {-1, -1, -1};
    double firstOf[3] = {99, 99, 99};
    for (size_t row = 0; row < dataset.rows(); row++) {
        const auto role = static_cast<size_t>(dataset.roles[row]);
        lastOf[role] = std::max(lastOf[role], times[row]);
        firstOf[role] = std::min(firstOf[role], times[row]);
    }
    EXPECT_LT(lastOf[0], firstOf[1]);
    EXPECT_LT(lastOf[1], firstOf[2]);
    EXPECT_EQ(firstOf[0], 0);
    EXPECT_EQ(lastOf[2], 11);
    std::ranges::fill(times, 1.0);
    EXPECT_THROW(splitByTime(dataset, times, 0.2, 0.2, 0), base::Error);
    for (size_t row = 0; row < times.size(); row++)
        times[row] = row % 2 == 0 ? 1 : 2;
    splitByTime(dataset, times, 0.2, 0.2, 0);
    for (size_t row = 0; row < times.size(); row++)
        EXPECT_EQ(dataset.roles[row] == Role::Test, row % 2 == 1);
    EXPECT_FALSE(rowsWith(dataset, Role::Calibrate).empty());
}

TEST(Split, AnEmbargoLeavesOutWhatIsNotYetKnown) {
    Dataset dataset = sampleDataset(1200);
    std::vector<double> times;
    for (size_t row = 0; row < dataset.rows(); row++)
        times.push_back(static_cast<double>(row % 12));
    const auto rolesByTime = [&](double calibrate, double embargo) {
        splitByTime(dataset, times, 0.25, calibrate, embargo);
        std::string roles;
        for (size_t row = 0; row < 12; row++)
            roles += "tcT-"[static_cast<size_t>(dataset.roles[row])];
        for (size_t row = 12; row < dataset.rows(); row++)
            EXPECT_EQ(dataset.roles[row], dataset.roles[row - 12]);
        return roles;
    };
    EXPECT_EQ(rolesByTime(0.25, 0), "ttttttcccTTT");
    // A label that is known at the very time of the next rows is known to them.
    EXPECT_EQ(rolesByTime(0.25, 1), "ttttttcccTTT");
    EXPECT_EQ(rolesByTime(0.25, 2), "ttttt-cc-TTT");
    EXPECT_EQ(rolesByTime(0, 3.5), "tttttt---TTT");
    EXPECT_THROW(rolesByTime(0, 10), base::Error);
    // Enough is left before the test, nothing before the calibration.
    EXPECT_THROW(rolesByTime(0.25, 7), base::Error);
    // One time is left before the test: calibration is drawn from its rows.
    splitByTime(dataset, times, 0.25, 0.25, 9);
    EXPECT_EQ(rowsWith(dataset, Role::Train).size() + rowsWith(dataset, Role::Calibrate).size(),
              100U);
    EXPECT_FALSE(rowsWith(dataset, Role::Calibrate).empty());
    EXPECT_EQ(rowsWith(dataset, Role::LeftOut).size(), 800U);
}

TEST(Split, AtRandomKeepsTheShareOfTheLabel) {
    Dataset dataset = sampleDataset(1000);
    splitAtRandom(dataset, 0.2, 0.25, 8);
    EXPECT_NEAR(static_cast<double>(rowsWith(dataset, Role::Test).size()), 200, 1);
    EXPECT_NEAR(static_cast<double>(rowsWith(dataset, Role::Calibrate).size()), 200, 2);
    const auto before = dataset.roles;
    splitAtRandom(dataset, 0.2, 0.25, 8);
    EXPECT_EQ(before, dataset.roles);
    splitAtRandom(dataset, 0.2, 0.25, 9);
    EXPECT_NE(before, dataset.roles);
}

TEST(Features, CategoriesOfRowsForTestingAreNotLearnt) {
    Dataset dataset = sampleDataset(100);
    for (size_t row = 0; row < dataset.rows(); row++) {
        const bool test = row >= 80;
        dataset.roles[row] = test ? Role::Test : Role::Train;
        dataset.columns[3][row] = test ? 1.0F : static_cast<float>(row % 2 * 2);
    }
    const auto inputs = prepareFeatures(dataset, true);
    EXPECT_EQ(dataset.features[3].categories, (std::vector<std::string>{"bronze", "silver"}));
    EXPECT_EQ(dataset.columns[3][90], kUnknownCategory);
    EXPECT_EQ(dataset.columns[3][0], 1);
    EXPECT_TRUE(dataset.features[2].constant);
    // a, b, b is null, two plans, flag.
    EXPECT_EQ(inputs.size(), 6U);
}

TEST(Drift, IsZeroForTheSameRowsAndLargeForShiftedOnes) {
    Dataset dataset = sampleDataset(5000);
    std::vector<uint32_t> rows(dataset.rows());
    for (uint32_t row = 0; row < rows.size(); row++)
        rows[row] = row;
    Feature& feature = dataset.features[1];
    feature.distribution = distributionOf(feature, dataset.columns[1], rows);
    const auto sharesOf = [&](float shift) {
        std::vector<double> shares(feature.distribution.shares.size());
        for (const float value : dataset.columns[1])
            shares[binOf(feature, feature.distribution, value + shift)] += 1.0 / 5000;
        return shares;
    };
    EXPECT_NEAR(stabilityIndex(feature.distribution.shares, sharesOf(0)), 0, 1e-9);
    EXPECT_LT(stabilityIndex(feature.distribution.shares, sharesOf(1)), 0.1);
    EXPECT_GT(stabilityIndex(feature.distribution.shares, sharesOf(10)), 0.25);
}

TEST(Cart, SplitsHalfWayAndPutsNullsWhereTheyBelong) {
    InputMatrix matrix{8, 1, {1, 2, 3, 4, 10, 11, kNull, kNull}};
    const std::vector<uint8_t> labels = {0, 0, 0, 0, 1, 1, 1, 1};
    const std::vector<float> weights(8, 1);
    Options options = Options::of(Algorithm::DecisionTree);
    options.set("min_samples_leaf", "1");
    NoMonitor monitor;
    const Trees trees = growTrees(matrix, labels, weights, options, monitor);
    ASSERT_EQ(trees.nodes.size(), 3U);
    EXPECT_EQ(trees.nodes[0].threshold, 7);
    EXPECT_FALSE(trees.nodes[0].nullGoesLeft);
    EXPECT_EQ(trees.nodes[1].threshold, 0);
    EXPECT_EQ(trees.nodes[2].threshold, 1);
    EXPECT_EQ(trees.nodes[2].cover, 4);
}

TEST(Options, HaveLimitsAndOwners) {
    Options options = Options::of(Algorithm::LogisticRegression);
    options.set("C", "0.5");
    EXPECT_EQ(options.c, 0.5);
    EXPECT_THROW(options.set("C", "0"), base::Error);
    EXPECT_THROW(options.set("C", "1x"), base::Error);
    EXPECT_THROW(options.set("C", "nan"), base::Error);
    EXPECT_THROW(options.set("n_estimators", "10"), base::Error);
    EXPECT_THROW(options.set("colour", "red"), base::Error);
    EXPECT_THROW(options.set("seed", "1.5"), base::Error);
    EXPECT_THROW(options.set("calibration", "magic"), base::Error);
    EXPECT_THROW(Options::of(Algorithm::LinearSvc).set("calibration", "none"), base::Error);
    EXPECT_THROW(algorithmNamed("neural_network"), base::Error);
}

}  // namespace
}  // namespace footfall::model
