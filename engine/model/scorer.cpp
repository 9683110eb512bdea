// See scorer.h.
#include "engine/model/scorer.h"

#include <algorithm>
#include <limits>

#include "engine/base/error.h"

namespace footfall::model {

Scorer::Scorer(const Model& model)
    : calibration_(model.calibration),
      marginIsShare_(model.marginIsShare()),
      linear_(model.isLinear()),
      featureCount_(model.features.size()),
      inputs_(model.inputs),
      coefficients_(model.linear.coefficients),
      intercept_(linear_ ? model.linear.intercept : model.trees.base) {
    if (linear_) {
        for (size_t i = 0; i < inputs_.size(); i++)
            nullContribution_.push_back(coefficients_[i] * model.linear.means[i]);
        return;
    }
    const Trees& trees = model.trees;
    scale_ = trees.scale;
    // Of each input up to two columns, those that some step asks for; where in a block they begin.
    constexpr uint32_t kNone = UINT32_MAX;
    std::vector<uint32_t> columnOf(2 * inputs_.size(), kNone);
    for (const Node& node : trees.nodes) {
        if (node.left == 0)
            continue;
        uint32_t& column = columnOf[2 * node.input + (node.nullGoesLeft ? 0 : 1)];
        if (column == kNone) {
            column = static_cast<uint32_t>(columns_.size() * kBlock);
            columns_.push_back({inputs_[node.input], !node.nullGoesLeft});
        }
    }
    uint32_t deepest = 0;
    for (const uint32_t root : trees.roots) {
        roots_.push_back({root, depthOf(trees, root)});
        deepest = std::max(deepest, roots_.back().depth);
    }
    // Trees of which hardly anything is there would grow too much.
    constexpr size_t kMostGrowth = 16;
    if (deepest <= kMaxFilledDepth &&
        (roots_.size() << deepest) <= kMostGrowth * trees.nodes.size()) {
        filledDepth_ = deepest;
        fill(trees, columnOf);
    } else {
        link(trees, columnOf);
    }
}

// Below a leaf all places are that leaf's, whatever the steps between say.
void Scorer::fill(const Trees& trees, const std::vector<uint32_t>& columnOf) {
    const size_t leaves = size_t{1} << filledDepth_;
    filledTrees_ = trees.roots.size();
    filled_.resize(filledTrees_ * (leaves - 1), {0, 0});
    leaves_.resize(filledTrees_ * leaves);
    struct Place {
        uint32_t node;
        size_t at;
    };
    std::vector<Place> open;
    for (size_t tree = 0; tree < filledTrees_; tree++) {
        FilledStep* steps = filled_.data() + tree * (leaves - 1);
        open.push_back({trees.roots[tree], 0});
        while (!open.empty()) {
            const auto [number, at] = open.back();
            open.pop_back();
            const Node& node = trees.nodes[number];
            if (at >= leaves - 1) {
                leaves_[tree * leaves + at - (leaves - 1)] = node.threshold;
                continue;
            }
            const bool leaf = node.left == 0;
            if (!leaf)
                steps[at] = {node.threshold,
                             columnOf[2 * node.input + (node.nullGoesLeft ? 0 : 1)]};
            open.push_back({leaf ? number : node.left, 2 * at + 1});
            open.push_back({leaf ? number : node.left + 1, 2 * at + 2});
        }
    }
}

void Scorer::link(const Trees& trees, const std::vector<uint32_t>& columnOf) {
    linked_.reserve(trees.nodes.size());
    for (uint32_t i = 0; i < trees.nodes.size(); i++) {
        const Node& node = trees.nodes[i];
        if (node.left != 0) {
            linked_.push_back({node.threshold,
                               columnOf[2 * node.input + (node.nullGoesLeft ? 0 : 1)], node.left,
                               0});
        } else {
            // No value reaches a threshold of NaN: all stay.
            linked_.push_back({std::numeric_limits<float>::quiet_NaN(), 0, i, node.threshold});
        }
    }
}

void Scorer::linearBlock(const float* features, size_t rows, double* margins) const {
    std::fill_n(margins, rows, intercept_);
    for (size_t i = 0; i < inputs_.size(); i++) {
        const Input& input = inputs_[i];
        const double coefficient = coefficients_[i];
        if (input.kind == InputKind::Value) {
            const float* value = features + input.feature;
            const double ofNull = nullContribution_[i];
            for (size_t row = 0; row < rows; row++, value += featureCount_) {
                const double product = coefficient * static_cast<double>(*value);
                margins[row] += std::isnan(*value) ? ofNull : product;
            }
        } else {
            for (size_t row = 0; row < rows; row++) {
                if (input.of(features + row * featureCount_) != 0)
                    margins[row] += coefficient;
            }
        }
    }
}

// One column after the other, each in one go.
void Scorer::expand(const float* features, size_t rows, float* columns) const {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    for (const auto& [input, nullIsInfinite] : columns_) {
        const float ofNull = nullIsInfinite ? kInfinity : kNull;
        if (input.kind == InputKind::Value) {
            const float* value = features + input.feature;
            for (size_t row = 0; row < rows; row++, value += featureCount_)
                columns[row] = std::isnan(*value) ? ofNull : *value;
        } else {
            // Of these, a set of categories has nulls.
            for (size_t row = 0; row < rows; row++) {
                const float value = input.of(features + row * featureCount_);
                columns[row] = std::isnan(value) ? ofNull : value;
            }
        }
        columns += kBlock;
    }
}

void Scorer::filledTrees(const float* columns, size_t rows, double* margins) const {
    const size_t inner = (size_t{1} << filledDepth_) - 1;
    size_t row = 0;
    for (; row + kAtOnce <= rows; row += kAtOnce) {
        const float* values = columns + row;
        const FilledStep* steps = filled_.data();
        const float* leaves = leaves_.data();
        for (size_t tree = 0; tree < filledTrees_; tree++) {
            size_t at[kAtOnce] = {};
            for (uint32_t level = 0; level < filledDepth_; level++) {
                for (size_t i = 0; i < kAtOnce; i++) {
                    const FilledStep step = steps[at[i]];
                    at[i] = 2 * at[i] + 1 + (values[step.column + i] >= step.threshold ? 1 : 0);
                }
            }
            for (size_t i = 0; i < kAtOnce; i++)
                margins[row + i] += static_cast<double>(leaves[at[i] - inner]);
            steps += inner;
            leaves += inner + 1;
        }
    }
    for (; row < rows; row++) {
        const float* values = columns + row;
        for (size_t tree = 0; tree < filledTrees_; tree += kAtOnce) {
            const size_t trees = std::min(kAtOnce, filledTrees_ - tree);
            const FilledStep* steps = filled_.data() + tree * inner;
            size_t at[kAtOnce] = {};
            for (uint32_t level = 0; level < filledDepth_; level++) {
                for (size_t i = 0; i < trees; i++) {
                    const FilledStep step = steps[i * inner + at[i]];
                    at[i] = 2 * at[i] + 1 + (values[step.column] >= step.threshold ? 1 : 0);
                }
            }
            for (size_t i = 0; i < trees; i++) {
                const float* leaves = leaves_.data() + (tree + i) * (inner + 1);
                margins[row] += static_cast<double>(leaves[at[i] - inner]);
            }
        }
    }
}

void Scorer::linkedTrees(const float* columns, size_t rows, double* margins) const {
    const LinkedStep* steps = linked_.data();
    size_t row = 0;
    for (; row + kAtOnce <= rows; row += kAtOnce) {
        const float* values = columns + row;
        for (const auto& [root, depth] : roots_) {
            uint32_t at[kAtOnce];
            std::fill_n(at, kAtOnce, root);
            for (uint32_t level = 0; level < depth; level++) {
                for (size_t i = 0; i < kAtOnce; i++) {
                    const LinkedStep& step = steps[at[i]];
                    at[i] = step.left + (values[step.column + i] >= step.threshold ? 1U : 0U);
                }
            }
            for (size_t i = 0; i < kAtOnce; i++)
                margins[row + i] += static_cast<double>(steps[at[i]].leaf);
        }
    }
    for (; row < rows; row++) {
        const float* values = columns + row;
        for (size_t tree = 0; tree < roots_.size(); tree += kAtOnce) {
            const size_t trees = std::min(kAtOnce, roots_.size() - tree);
            uint32_t at[kAtOnce];
            uint32_t deepest = 0;
            for (size_t i = 0; i < trees; i++) {
                at[i] = roots_[tree + i].node;
                deepest = std::max(deepest, roots_[tree + i].depth);
            }
            for (uint32_t level = 0; level < deepest; level++) {
                for (size_t i = 0; i < trees; i++) {
                    const LinkedStep& step = steps[at[i]];
                    at[i] = step.left + (values[step.column] >= step.threshold ? 1U : 0U);
                }
            }
            for (size_t i = 0; i < trees; i++)
                margins[row] += static_cast<double>(steps[at[i]].leaf);
        }
    }
}

void Scorer::margins(std::span<const float> features, std::span<double> margins) const {
    if (features.size() != margins.size() * featureCount_)
        base::throwInternal("%zu values are no %zu rows of %zu features", features.size(),
                            margins.size(), featureCount_);
    std::vector<float> columns(linear_ ? 0 : std::max<size_t>(columns_.size(), 1) * kBlock);
    for (size_t row = 0; row < margins.size(); row += kBlock) {
        const size_t rows = std::min(kBlock, margins.size() - row);
        const float* block = features.data() + row * featureCount_;
        double* found = margins.data() + row;
        if (linear_) {
            linearBlock(block, rows, found);
            continue;
        }
        expand(block, rows, columns.data());
        std::fill_n(found, rows, 0.0);
        if (linked_.empty()) {
            filledTrees(columns.data(), rows, found);
        } else {
            linkedTrees(columns.data(), rows, found);
        }
        for (size_t i = 0; i < rows; i++)
            found[i] = intercept_ + scale_ * found[i];
    }
}

void Scorer::probabilities(std::span<const float> features, std::span<double> probabilities) const {
    margins(features, probabilities);
    for (double& value : probabilities)
        value = calibration_.probability(value, marginIsShare_);
}

}  // namespace footfall::model
