// See cart.h.
#include "engine/model/cart.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "engine/base/error.h"
#include "engine/model/random.h"

namespace footfall::model {

namespace {

constexpr size_t kMaxBins = 256;
constexpr uint16_t kNullBin = kMaxBins;

// One input in ranges: value < edges[b] exactly when its range is at most b.
struct BinnedInput {
    std::vector<float> edges;
    std::vector<uint16_t> bins;  // one a row
    bool hasNulls = false;
};

float halfWay(float low, float high) {
    const float middle = low + (high - low) / 2;
    // Between neighbouring floats there is none: the upper one separates them too.
    return middle > low ? middle : high;
}

BinnedInput binned(std::span<const float> column, size_t maxBins) {
    BinnedInput result;
    std::vector<float> sorted;
    sorted.reserve(column.size());
    for (const float value : column) {
        if (!std::isnan(value))
            sorted.push_back(value);
    }
    result.hasNulls = sorted.size() != column.size();
    std::ranges::sort(sorted);
    std::vector<float> distinct(sorted);
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() <= maxBins) {
        for (size_t i = 1; i < distinct.size(); i++)
            result.edges.push_back(halfWay(distinct[i - 1], distinct[i]));
    } else {
        for (size_t i = 1; i < maxBins; i++) {
            const float value = sorted[i * sorted.size() / maxBins];
            const auto at = std::ranges::lower_bound(distinct, value);
            if (at == distinct.begin())
                continue;
            const float edge = halfWay(*(at - 1), *at);
            if (result.edges.empty() || edge > result.edges.back())
                result.edges.push_back(edge);
        }
    }
    result.bins.reserve(column.size());
    for (const float value : column) {
        result.bins.push_back(std::isnan(value) ? kNullBin
                                                : static_cast<uint16_t>(std::ranges::upper_bound(
                                                                            result.edges, value) -
                                                                        result.edges.begin()));
    }
    return result;
}

struct Weights {
    double all = 0;
    double positive = 0;
    uint32_t rows = 0;

    void add(const Weights& other) {
        all += other.all;
        positive += other.positive;
        rows += other.rows;
    }
    Weights without(const Weights& other) const {
        return {all - other.all, positive - other.positive, rows - other.rows};
    }
    // The smaller, the purer; Gini times the weight, halved.
    double impurity() const { return all > 0 ? positive * (all - positive) / all : 0; }
};

struct Split {
    double impurity = 0;
    uint32_t input = 0;
    uint32_t bin = 0;  // ranges up to this one go left
    bool nullGoesLeft = false;
    bool found = false;
};

class TreeGrower {
  public:
    TreeGrower(const std::vector<BinnedInput>& inputs, std::span<const uint8_t> labels,
               const Options& options, size_t inputsPerNode, Monitor& monitor)
        : inputs_(inputs),
          labels_(labels),
          options_(options),
          inputsPerNode_(inputsPerNode),
          monitor_(monitor),
          order_(inputs.size()) {
        std::iota(order_.begin(), order_.end(), 0U);
    }

    // `weights` one a row; rows of weight 0 are not there.
    void grow(std::span<const float> weights, std::span<const uint32_t> copies, Random random,
              Trees& trees) {
        weights_ = weights;
        copies_ = copies;
        std::vector<uint32_t> rows;
        for (uint32_t row = 0; row < labels_.size(); row++) {
            if (copies[row] != 0)
                rows.push_back(row);
        }
        struct Open {
            uint32_t node;
            uint32_t depth;
            size_t begin;
            size_t end;
        };
        const auto root = static_cast<uint32_t>(trees.nodes.size());
        trees.roots.push_back(root);
        trees.nodes.emplace_back();
        std::vector<Open> open = {{root, 0, 0, rows.size()}};
        while (!open.empty()) {
            const Open here = open.back();
            open.pop_back();
            const std::span part(rows.data() + here.begin, here.end - here.begin);
            const Weights total = weigh(part);
            Node& node = trees.nodes[here.node];
            node.cover = static_cast<float>(total.all);
            node.threshold = static_cast<float>(total.positive / total.all);
            const Split split = here.depth < static_cast<uint32_t>(options_.maxDepth)
                                    ? bestSplit(part, total, random)
                                    : Split{};
            if (!split.found)
                continue;
            if (trees.nodes.size() + 2 > kMaxNodes)
                throw base::Error(base::ErrorKind::BadArgument, "the trees have more than %u nodes",
                                  kMaxNodes)
                    .withHint("Ask for fewer trees, less depth, or larger leaves.");
            const BinnedInput& input = inputs_[split.input];
            const auto middle = std::stable_partition(part.begin(), part.end(), [&](uint32_t row) {
                const uint16_t bin = input.bins[row];
                return bin == kNullBin ? split.nullGoesLeft : bin <= split.bin;
            });
            const size_t leftEnd = here.begin + static_cast<size_t>(middle - part.begin());
            const auto left = static_cast<uint32_t>(trees.nodes.size());
            node.left = left;
            node.input = split.input;
            node.nullGoesLeft = split.nullGoesLeft;
            node.threshold = input.edges[split.bin];
            trees.nodes.resize(trees.nodes.size() + 2);
            open.push_back({left + 1, here.depth + 1, leftEnd, here.end});
            open.push_back({left, here.depth + 1, here.begin, leftEnd});
        }
    }

  private:
    Weights weightOf(uint32_t row) const {
        const double weight = static_cast<double>(weights_[row]) * copies_[row];
        // A row that was drawn twice weighs twice, and is one row of a leaf.
        return {weight, labels_[row] != 0 ? weight : 0, 1};
    }

    Weights weigh(std::span<const uint32_t> rows) const {
        Weights total;
        for (const uint32_t row : rows)
            total.add(weightOf(row));
        return total;
    }

    Split bestSplit(std::span<const uint32_t> rows, const Weights& total, Random& random) {
        Split best;
        best.impurity = total.impurity();
        if (total.rows < static_cast<uint32_t>(options_.minSamplesSplit) ||
            best.impurity <= 1e-12 * total.all)
            return best;
        // A random choice, which goes on until one of them can split.
        bool varies = false;
        for (size_t i = 0; i < order_.size() && (i < inputsPerNode_ || !varies); i++) {
            if (inputsPerNode_ < order_.size())
                std::swap(order_[i], order_[i + random.below(order_.size() - i)]);
            monitor_.check();
            varies = consider(order_[i], rows, total, best) || varies;
        }
        return best;
    }

    // False when all rows are alike in this input.
    bool consider(uint32_t number, std::span<const uint32_t> rows, const Weights& total,
                  Split& best) {
        const BinnedInput& input = inputs_[number];
        const size_t bins = input.edges.size() + 1;
        std::fill_n(histogram_.begin(), bins, Weights{});
        Weights nulls;
        for (const uint32_t row : rows) {
            const uint16_t bin = input.bins[row];
            (bin == kNullBin ? nulls : histogram_[bin]).add(weightOf(row));
        }
        bool varies = false;
        Weights left;
        for (uint32_t bin = 0; bin + 1 < bins; bin++) {
            left.add(histogram_[bin]);
            if (histogram_[bin].rows == 0 && !(bin == 0 && nulls.rows > 0))
                continue;
            varies = varies || (left.rows > 0 && left.rows < total.rows);
            offer({0, number, bin, false, true}, left, total, best);
            if (nulls.rows > 0) {
                Weights with = left;
                with.add(nulls);
                offer({0, number, bin, true, true}, with, total, best);
            }
        }
        return varies;
    }

    void offer(Split split, const Weights& left, const Weights& total, Split& best) const {
        const Weights right = total.without(left);
        const auto least = static_cast<uint32_t>(options_.minSamplesLeaf);
        if (left.rows < least || right.rows < least || !(left.all > 0) || !(right.all > 0))
            return;
        split.impurity = left.impurity() + right.impurity();
        if (split.impurity < best.impurity - 1e-12 * total.all ||
            (!best.found && split.impurity <= best.impurity))
            best = split;
    }

    const std::vector<BinnedInput>& inputs_;
    std::span<const uint8_t> labels_;
    std::span<const float> weights_;
    std::span<const uint32_t> copies_;
    const Options& options_;
    size_t inputsPerNode_;
    Monitor& monitor_;
    std::vector<uint32_t> order_;
    std::array<Weights, kMaxBins> histogram_;
};

}  // namespace

Trees growTrees(const InputMatrix& matrix, std::span<const uint8_t> labels,
                std::span<const float> weights, const Options& options, Monitor& monitor) {
    std::vector<BinnedInput> inputs;
    inputs.reserve(matrix.inputs);
    for (size_t i = 0; i < matrix.inputs; i++) {
        monitor.check();
        inputs.push_back(binned({matrix.column(i), matrix.rows},
                                std::min(static_cast<size_t>(options.maxBins), kMaxBins)));
    }
    const bool forest = options.algorithm == Algorithm::RandomForest;
    size_t perNode = matrix.inputs;
    if (options.maxFeatures > 0) {
        perNode = std::min(perNode, static_cast<size_t>(options.maxFeatures));
    } else if (forest) {
        perNode =
            std::max<size_t>(1, static_cast<size_t>(std::sqrt(static_cast<double>(matrix.inputs))));
    }
    const size_t count = forest ? static_cast<size_t>(options.trees) : 1;
    const auto seed = static_cast<uint64_t>(options.seed);
    Trees trees;
    trees.scale = 1 / static_cast<double>(count);
    TreeGrower grower(inputs, labels, options, perNode, monitor);
    std::vector<uint32_t> copies(matrix.rows, 1);
    constexpr uint64_t kFirstStream = 16;
    for (size_t tree = 0; tree < count; tree++) {
        monitor.progress(tree, count);
        Random random(seed, kFirstStream + tree);
        if (forest) {
            std::ranges::fill(copies, 0U);
            for (size_t i = 0; i < matrix.rows; i++)
                copies[random.below(matrix.rows)]++;
        }
        grower.grow(weights, copies, random, trees);
    }
    return trees;
}

}  // namespace footfall::model
