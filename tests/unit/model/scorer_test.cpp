// The scorer against a walk from node to node.
#include "engine/model/scorer.h"

#include <gtest/gtest.h>

#include "engine/model/random.h"

namespace footfall::model {
namespace {

constexpr size_t kFeatures = 3;

// Grows a node at random, at least one branch down to `depth`.
void grow(Trees& trees, uint32_t node, uint32_t depth, bool full, Random& random) {
    if (depth == 0 || (!full && random.below(4) == 0)) {
        trees.nodes[node].threshold = static_cast<float>(random.fraction()) - 0.5F;
        return;
    }
    const auto left = static_cast<uint32_t>(trees.nodes.size());
    trees.nodes.resize(trees.nodes.size() + 2);
    trees.nodes[node] = {left, static_cast<uint32_t>(random.below(kFeatures + 2)),
                         random.below(2) == 0, static_cast<float>(random.below(9)) - 4, 1};
    grow(trees, left, depth - 1, full, random);
    grow(trees, left + 1, depth - 1, false, random);
}

Model randomModel(size_t trees, uint32_t depth, Random& random) {
    Model model;
    model.algorithm = Algorithm::GradientBoosting;
    for (size_t i = 0; i < kFeatures; i++) {
        model.features.push_back({"f", FeatureKind::Number, {}, false, {}});
        model.inputs.push_back({static_cast<uint32_t>(i), InputKind::Value, 0});
    }
    model.inputs.push_back({1, InputKind::IsNull, 0});
    model.inputs.push_back({2, InputKind::Category, 3});
    model.trees.base = 0.25;
    model.trees.scale = 0.5;
    for (size_t i = 0; i < trees; i++) {
        const auto root = static_cast<uint32_t>(model.trees.nodes.size());
        model.trees.roots.push_back(root);
        model.trees.nodes.emplace_back();
        // Some trees are one leaf.
        grow(model.trees, root, i % 5 == 4 ? 0 : depth, true, random);
    }
    return model;
}

double walked(const Model& model, const float* row) {
    double sum = 0;
    for (uint32_t at : model.trees.roots) {
        while (model.trees.nodes[at].left != 0) {
            const Node& node = model.trees.nodes[at];
            const float value = model.inputs[node.input].of(row);
            const bool left = std::isnan(value) ? node.nullGoesLeft : value < node.threshold;
            at = node.left + (left ? 0 : 1);
        }
        sum += static_cast<double>(model.trees.nodes[at].threshold);
    }
    return model.trees.base + model.trees.scale * sum;
}

TEST(Scorer, WalksAsNodesSayHoweverManyRowsThereAre) {
    Random random(11);
    for (const uint32_t depth : {0U, 1U, 3U, 6U, 8U, 9U, 14U}) {
        for (const size_t trees : {1U, 7U, 8U, 21U}) {
            const Model model = randomModel(trees, depth, random);
            const Scorer scorer(model);
            for (const size_t rows : {1U, 5U, 8U, 63U, 64U, 65U, 200U}) {
                std::vector<float> features;
                for (size_t i = 0; i < rows * kFeatures; i++) {
                    features.push_back(
                        random.below(5) == 0 ? kNull : static_cast<float>(random.below(9)) - 4);
                }
                std::vector<double> margins(rows);
                scorer.margins(features, margins);
                for (size_t row = 0; row < rows; row++)
                    ASSERT_EQ(margins[row], walked(model, &features[row * kFeatures]))
                        << "depth " << depth << ", " << trees << " trees, row " << row << " of "
                        << rows;
            }
        }
    }
}

// Many trees of one leaf beside a deep one are not filled up.
TEST(Scorer, DoesNotGrowWithWhatIsNotThere) {
    Random random(12);
    Model model = randomModel(1, 8, random);
    for (size_t i = 0; i < 100'000; i++) {
        model.trees.roots.push_back(static_cast<uint32_t>(model.trees.nodes.size()));
        model.trees.nodes.push_back({0, 0, false, 0.5F, 1});
    }
    const float row[kFeatures] = {1, kNull, 3};
    double margin = 0;
    Scorer(model).margins(row, {&margin, 1});
    EXPECT_EQ(margin, walked(model, row));
}

}  // namespace
}  // namespace footfall::model
