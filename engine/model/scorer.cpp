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
      plain_(model.inputs.size() == model.features.size()),
      featureCount_(model.features.size()),
      inputs_(model.inputs),
      coefficients_(model.linear.coefficients),
      intercept_(linear_ ? model.linear.intercept : model.trees.base) {
    for (uint32_t i = 0; i < inputs_.size(); i++)
        plain_ = plain_ && inputs_[i].kind == InputKind::Value && inputs_[i].feature == i;
    if (linear_) {
        for (size_t i = 0; i < inputs_.size(); i++)
            nullContribution_.push_back(coefficients_[i] * model.linear.means[i]);
        return;
    }
    scale_ = model.trees.scale;
    steps_.reserve(model.trees.nodes.size());
    for (uint32_t i = 0; i < model.trees.nodes.size(); i++) {
        const Node& node = model.trees.nodes[i];
        if (node.left != 0) {
            steps_.push_back(
                {node.threshold, node.input << 1 | (node.nullGoesLeft ? 1U : 0U), node.left, 0});
        } else {
            // No value reaches a threshold of NaN, and null goes left: all stay.
            steps_.push_back({std::numeric_limits<float>::quiet_NaN(), 1, i, node.threshold});
        }
    }
    for (const uint32_t root : model.trees.roots)
        roots_.push_back({root, depthOf(model.trees, root)});
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

void Scorer::treeBlock(const float* features, size_t rows, double* margins) const {
    std::fill_n(margins, rows, 0.0);
    const size_t width = inputs_.size();
    std::vector<float> expanded;
    const float* values = features;
    if (!plain_) {
        expanded.resize(rows * std::max<size_t>(width, 1));
        float* value = expanded.data();
        for (size_t row = 0; row < rows; row++) {
            for (const Input& input : inputs_)
                *value++ = input.of(features + row * featureCount_);
        }
        values = expanded.data();
    }
    const Step* steps = steps_.data();
    constexpr size_t kAtOnce = 8;
    for (const auto& [root, depth] : roots_) {
        size_t row = 0;
        for (; row + kAtOnce <= rows; row += kAtOnce) {
            uint32_t at[kAtOnce];
            std::fill_n(at, kAtOnce, root);
            const float* first = values + row * width;
            for (uint32_t level = 0; level < depth; level++) {
                for (size_t i = 0; i < kAtOnce; i++) {
                    const Step& step = steps[at[i]];
                    const float value = first[i * width + (step.input >> 1)];
                    const bool right =
                        value >= step.threshold || (value != value && (step.input & 1) == 0);
                    at[i] = step.left + (right ? 1 : 0);
                }
            }
            for (size_t i = 0; i < kAtOnce; i++)
                margins[row + i] += static_cast<double>(steps[at[i]].leaf);
        }
        for (; row < rows; row++) {
            uint32_t at = root;
            for (uint32_t level = 0; level < depth; level++) {
                const Step& step = steps[at];
                const float value = values[row * width + (step.input >> 1)];
                const bool right =
                    value >= step.threshold || (value != value && (step.input & 1) == 0);
                at = step.left + (right ? 1 : 0);
            }
            margins[row] += static_cast<double>(steps[at].leaf);
        }
    }
    for (size_t row = 0; row < rows; row++)
        margins[row] = intercept_ + scale_ * margins[row];
}

void Scorer::margins(std::span<const float> features, std::span<double> margins) const {
    if (features.size() != margins.size() * featureCount_)
        base::throwInternal("%zu values are no %zu rows of %zu features", features.size(),
                            margins.size(), featureCount_);
    for (size_t row = 0; row < margins.size(); row += kBlock) {
        const size_t rows = std::min(kBlock, margins.size() - row);
        const float* block = features.data() + row * featureCount_;
        if (linear_) {
            linearBlock(block, rows, margins.data() + row);
        } else {
            treeBlock(block, rows, margins.data() + row);
        }
    }
}

void Scorer::probabilities(std::span<const float> features, std::span<double> probabilities) const {
    margins(features, probabilities);
    for (double& value : probabilities)
        value = calibration_.probability(value, marginIsShare_);
}

}  // namespace footfall::model
