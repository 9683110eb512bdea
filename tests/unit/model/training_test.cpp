// Every algorithm on rows whose truth is known: quality, the same model again, bytes that survive,
// contributions that add up.
#include "engine/training/training.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "engine/base/error.h"
#include "engine/model/scorer.h"
#include "engine/model/tree_shap.h"
#include "tests/unit/model/model_data.h"

// Cancelling throws through LIBLINEAR, which does not free what it holds then.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/lsan_interface.h>
using LeaksAllowed = __lsan::ScopedDisabler;
#define FOOTFALL_LEAKS_ARE_CHECKED
#endif
#endif
#ifndef FOOTFALL_LEAKS_ARE_CHECKED
struct LeaksAllowed {
    LeaksAllowed() {}
};
#endif

namespace footfall::training {
namespace {

using namespace model;

const Algorithm kAll[] = {Algorithm::LogisticRegression, Algorithm::LinearSvc,
                          Algorithm::DecisionTree, Algorithm::RandomForest,
                          Algorithm::GradientBoosting};

TrainingResult trained(Algorithm algorithm, size_t rows = 6000, const char* calibration = "platt") {
    NoMonitor monitor;
    Options options = Options::of(algorithm);
    options.set("seed", "5");
    options.set("calibration", calibration);
    if (algorithm == Algorithm::RandomForest || algorithm == Algorithm::GradientBoosting)
        options.set("n_estimators", "40");
    if (algorithm == Algorithm::GradientBoosting)
        options.set("max_depth", "3");
    Dataset dataset = sampleDataset(rows);
    splitAtRandom(dataset, 0.25, 0.25, 5);
    return train(std::move(dataset), options, 1, monitor);
}

double metric(const TrainingResult& result, std::string_view name, std::string_view item = "") {
    for (const MetricRow& row : result.metrics) {
        if (row.metric == name && row.item == item)
            return row.value;
    }
    ADD_FAILURE() << "no metric " << name << " " << item;
    return -1;
}

std::vector<std::byte> packed(const Model& model) {
    base::ByteWriter writer;
    model.pack(writer);
    return {writer.bytes().begin(), writer.bytes().end()};
}

TEST(Training, RanksNearlyAsWellAsTheTruth) {
    for (const Algorithm algorithm : kAll) {
        const TrainingResult result = trained(algorithm);
        // The true log odds reach 0.83 on these rows.
        const double least = algorithm == Algorithm::DecisionTree ? 0.76 : 0.80;
        EXPECT_GT(metric(result, "roc_auc"), least) << nameOf(algorithm);
        EXPECT_LT(metric(result, "roc_auc"), 0.88) << nameOf(algorithm);
        EXPECT_LT(metric(result, "calibration_error"), 0.06) << nameOf(algorithm);
        EXPECT_GT(metric(result, "importance", "a"), 0.1) << nameOf(algorithm);
        EXPECT_EQ(metric(result, "importance", "same"), 0) << nameOf(algorithm);
        EXPECT_EQ(result.trainingRows + result.calibrationRows + result.testRows, 6000U);
    }
}

TEST(Training, CoefficientsAreTheTruthInTheUnitsOfTheData) {
    const TrainingResult result = trained(Algorithm::LogisticRegression, 60000);
    EXPECT_NEAR(metric(result, "coefficient", "a"), 1.5, 0.06);
    EXPECT_NEAR(metric(result, "coefficient", "b"), -0.08, 0.006);
    EXPECT_NEAR(metric(result, "coefficient", "plan = gold") -
                    metric(result, "coefficient", "plan = silver"),
                -1, 0.1);
    EXPECT_NEAR(metric(result, "coefficient", "flag"), 0.5, 0.1);
}

TEST(Training, TheSameSeedGivesTheSameModel) {
    for (const Algorithm algorithm : kAll)
        EXPECT_EQ(packed(trained(algorithm).model), packed(trained(algorithm).model))
            << nameOf(algorithm);
}

TEST(Training, BytesGiveTheSameModelBack) {
    for (const Algorithm algorithm : kAll) {
        const TrainingResult result = trained(algorithm, 3000, "isotonic");
        base::ByteWriter writer;
        result.pack(writer);
        base::ByteReader reader(writer.bytes());
        const TrainingResult again = TrainingResult::unpack(reader);
        EXPECT_EQ(packed(again.model), packed(result.model));
        EXPECT_EQ(again.metrics.size(), result.metrics.size());
        // Every damaged byte is noticed.
        auto bytes = packed(result.model);
        for (size_t at = 0; at < bytes.size(); at += 97) {
            bytes[at] ^= std::byte{0x20};
            base::ByteReader damaged(bytes);
            EXPECT_THROW((void)Model::unpack(damaged), base::Error) << at;
            bytes[at] ^= std::byte{0x20};
        }
    }
}

TEST(Training, ContributionsAndBiasAreTheMargin) {
    Dataset dataset = sampleDataset(200, 77);
    for (const Algorithm algorithm : kAll) {
        const Model model = trained(algorithm, 3000).model;
        const Scorer scorer(model);
        std::vector<uint32_t> rows(dataset.rows());
        std::iota(rows.begin(), rows.end(), 0U);
        std::vector<float> features = featureRows(dataset, rows);
        // An unknown category and nulls everywhere.
        features[3] = kUnknownCategory;
        std::fill_n(features.begin() + 5, 5, kNull);
        std::vector<double> margins(rows.size());
        scorer.margins(features, margins);
        for (size_t row = 0; row < rows.size(); row++) {
            const auto contributions =
                contributionsOf(model, std::span(features).subspan(row * 5, 5));
            const auto parts = byFeature(model, contributions);
            EXPECT_NEAR(std::accumulate(parts.begin(), parts.end(), contributions.bias),
                        margins[row], 1e-6)
                << nameOf(algorithm);
            EXPECT_EQ(parts[2], 0);
        }
    }
}

// Shapley values by their definition, over all subsets of inputs, with TreeSHAP's expectation.
double expectation(const Trees& trees, uint32_t number, const std::vector<float>& values,
                   unsigned known) {
    const Node& node = trees.nodes[number];
    if (node.left == 0)
        return static_cast<double>(node.threshold);
    if ((known >> node.input & 1) != 0) {
        const float value = values[node.input];
        const bool right = std::isnan(value) ? !node.nullGoesLeft : value >= node.threshold;
        return expectation(trees, node.left + (right ? 1 : 0), values, known);
    }
    double sum = 0;
    for (const uint32_t child : {node.left, node.left + 1}) {
        sum += static_cast<double>(trees.nodes[child].cover) / static_cast<double>(node.cover) *
               expectation(trees, child, values, known);
    }
    return sum;
}

TEST(TreeShap, IsTheDefinitionOfShapleyValues) {
    const Model model = trained(Algorithm::RandomForest, 2000).model;
    const size_t inputs = model.inputs.size();
    ASSERT_LE(inputs, 8U);
    std::vector<double> factorial(inputs + 1, 1);
    for (size_t i = 1; i <= inputs; i++)
        factorial[i] = factorial[i - 1] * static_cast<double>(i);
    Dataset dataset = sampleDataset(5, 3);
    for (uint32_t row = 0; row < dataset.rows(); row++) {
        const auto features = featureRows(dataset, std::vector{row});
        std::vector<float> values;
        for (const Input& input : model.inputs)
            values.push_back(input.of(features.data()));
        std::vector<double> worth(size_t{1} << inputs);
        for (unsigned known = 0; known < worth.size(); known++) {
            for (const uint32_t root : model.trees.roots)
                worth[known] += model.trees.scale * expectation(model.trees, root, values, known);
        }
        const Contributions contributions = contributionsOf(model, features);
        EXPECT_NEAR(contributions.bias, worth[0], 1e-9);
        for (size_t input = 0; input < inputs; input++) {
            double shapley = 0;
            for (unsigned known = 0; known < worth.size(); known++) {
                if ((known >> input & 1) != 0)
                    continue;
                const auto size = static_cast<size_t>(__builtin_popcount(known));
                shapley += factorial[size] * factorial[inputs - size - 1] / factorial[inputs] *
                           (worth[known | 1U << input] - worth[known]);
            }
            EXPECT_NEAR(contributions.inputs[input], shapley, 1e-9);
        }
    }
}

TEST(Training, RefusesWhatCannotBeLearnt) {
    NoMonitor monitor;
    const Options options = Options::of(Algorithm::DecisionTree);
    EXPECT_THROW(train(Dataset{}, options, 1, monitor), base::Error);
    Dataset oneClass = sampleDataset(100);
    std::ranges::fill(oneClass.labels, uint8_t{1});
    splitAtRandom(oneClass, 0.2, 0.2, 1);
    EXPECT_THROW(train(oneClass, options, 1, monitor), base::Error);
    Dataset noTest = sampleDataset(100);
    EXPECT_THROW(train(noTest, options, 1, monitor), base::Error);
    Dataset constant = sampleDataset(100);
    for (auto& column : constant.columns)
        std::ranges::fill(column, 1.0F);
    splitAtRandom(constant, 0.2, 0.2, 1);
    EXPECT_THROW(train(constant, options, 1, monitor), base::Error);
}

struct CancelAfter final : Monitor {
    explicit CancelAfter(int calls) : left(calls) {}
    void check() override {
        if (left-- <= 0)
            throw Cancelled{};
    }
    void progress(size_t, size_t) override {}
    int left;
};

TEST(Training, EveryAlgorithmCanBeCancelled) {
    for (const Algorithm algorithm : kAll) {
        Dataset dataset = sampleDataset(500);
        splitAtRandom(dataset, 0.25, 0.25, 5);
        const Options options = Options::of(algorithm);
        CancelAfter none(1'000'000);
        EXPECT_NO_THROW(train(dataset, options, 1, none));
        const int calls = 1'000'000 - none.left;
        EXPECT_GT(calls, 5);
        for (const int after : {0, calls / 2, calls - 1}) {
            CancelAfter monitor(after);
            const LeaksAllowed allowed;
            EXPECT_THROW(train(dataset, options, 1, monitor), Cancelled) << nameOf(algorithm);
        }
    }
}

}  // namespace
}  // namespace footfall::training
