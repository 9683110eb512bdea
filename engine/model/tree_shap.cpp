// See tree_shap.h.
#include "engine/model/tree_shap.h"

#include <algorithm>

namespace footfall::model {

namespace {

// An input that was asked on the way to a node: the share of training rows that goes on there, and
// whether the row does.
struct PathStep {
    int64_t input;
    double zero;  // share when the input is unknown
    double one;   // 1 when it is known and the row goes this way, else 0
    double weight;
};

class TreeWalk {
  public:
    // `players`: who answers for an input.
    TreeWalk(const Trees& trees, const std::vector<uint32_t>& players, const float* values,
             std::vector<double>& contributions)
        : trees_(trees), players_(players), values_(values), contributions_(contributions) {}

    void run(uint32_t root) { visit(root, {}, 1, 1, -1); }

  private:
    using Path = std::vector<PathStep>;

    static void extend(Path& path, double zero, double one, int64_t input) {
        path.push_back({input, zero, one, path.empty() ? 1.0 : 0.0});
        const auto last = static_cast<double>(path.size() - 1);
        for (size_t i = path.size() - 1; i-- > 0;) {
            const auto at = static_cast<double>(i);
            path[i + 1].weight += one * path[i].weight * (at + 1) / (last + 1);
            path[i].weight = zero * path[i].weight * (last - at) / (last + 1);
        }
    }

    // Takes step `which` out again.
    static void unwind(Path& path, size_t which) {
        const size_t last = path.size() - 1;
        const auto n = static_cast<double>(last);
        const double one = path[which].one;
        const double zero = path[which].zero;
        double next = path[last].weight;
        for (size_t i = last; i-- > 0;) {
            const auto at = static_cast<double>(i);
            if (one != 0) {
                const double before = path[i].weight;
                path[i].weight = next * (n + 1) / ((at + 1) * one);
                next = before - path[i].weight * zero * (n - at) / (n + 1);
            } else {
                path[i].weight = path[i].weight * (n + 1) / (zero * (n - at));
            }
        }
        for (size_t i = which; i < last; i++) {
            path[i].input = path[i + 1].input;
            path[i].zero = path[i + 1].zero;
            path[i].one = path[i + 1].one;
        }
        path.pop_back();
    }

    // The sum of the weights when step `which` were taken out.
    static double unwoundSum(const Path& path, size_t which) {
        const size_t last = path.size() - 1;
        const auto n = static_cast<double>(last);
        const double one = path[which].one;
        const double zero = path[which].zero;
        double next = path[last].weight;
        double total = 0;
        for (size_t i = last; i-- > 0;) {
            const auto at = static_cast<double>(i);
            if (one != 0) {
                const double part = next * (n + 1) / ((at + 1) * one);
                total += part;
                next = path[i].weight - part * zero * (n - at) / (n + 1);
            } else if (zero != 0) {
                total += path[i].weight / zero * (n + 1) / (n - at);
            }
        }
        return total;
    }

    // Depth is at most kMaxDepth: the model's form says so.
    void visit(uint32_t number, Path path, double zero, double one, int64_t input) {
        extend(path, zero, one, input);
        const Node& node = trees_.nodes[number];
        if (node.left == 0) {
            for (size_t i = 1; i < path.size(); i++) {
                contributions_[static_cast<size_t>(path[i].input)] +=
                    trees_.scale * unwoundSum(path, i) * (path[i].one - path[i].zero) *
                    static_cast<double>(node.threshold);
            }
            return;
        }
        const float value = values_[node.input];
        const bool right = std::isnan(value) ? !node.nullGoesLeft : value >= node.threshold;
        const uint32_t hot = node.left + (right ? 1 : 0);
        const uint32_t cold = node.left + (right ? 0 : 1);
        const int64_t player = players_[node.input];
        double zeroBefore = 1;
        double oneBefore = 1;
        for (size_t i = 1; i < path.size(); i++) {
            if (path[i].input == player) {
                zeroBefore = path[i].zero;
                oneBefore = path[i].one;
                unwind(path, i);
                break;
            }
        }
        const double hotShare = share(hot, node);
        const double coldShare = share(cold, node);
        if (hotShare * zeroBefore > 0 || oneBefore > 0)
            visit(hot, path, hotShare * zeroBefore, oneBefore, player);
        // Nobody of training went there, nor does the row: nothing to share out.
        if (coldShare * zeroBefore > 0)
            visit(cold, std::move(path), coldShare * zeroBefore, 0, player);
    }

    double share(uint32_t child, const Node& parent) const {
        return static_cast<double>(trees_.nodes[child].cover) / static_cast<double>(parent.cover);
    }

    const Trees& trees_;
    const std::vector<uint32_t>& players_;
    const float* values_;
    std::vector<double>& contributions_;
};

// All sets of categories of a feature are one thing to know or not to know: the first answers for
// them. Any other input answers for itself.
std::vector<uint32_t> playersOf(const std::vector<Input>& inputs, size_t features) {
    constexpr uint32_t kNobody = UINT32_MAX;
    std::vector<uint32_t> firstSet(features, kNobody);
    std::vector<uint32_t> players;
    for (uint32_t i = 0; i < inputs.size(); i++) {
        uint32_t& first = firstSet[inputs[i].feature];
        const bool isSet = inputs[i].kind == InputKind::CategorySet;
        if (isSet && first == kNobody)
            first = i;
        players.push_back(isSet ? first : i);
    }
    return players;
}

// The mean of a tree's leaves over the cover of training.
double meanLeaf(const Trees& trees, uint32_t root) {
    struct Place {
        uint32_t node;
        double share;
    };
    std::vector<Place> open = {{root, 1}};
    double sum = 0;
    while (!open.empty()) {
        const auto [number, share] = open.back();
        open.pop_back();
        const Node& node = trees.nodes[number];
        if (node.left == 0) {
            sum += share * static_cast<double>(node.threshold);
            continue;
        }
        for (uint32_t child : {node.left, node.left + 1}) {
            const double part =
                static_cast<double>(trees.nodes[child].cover) / static_cast<double>(node.cover);
            open.push_back({child, share * part});
        }
    }
    return sum;
}

}  // namespace

Contributions contributionsOf(const Model& model, std::span<const float> features) {
    Contributions result;
    result.inputs.resize(model.inputs.size());
    std::vector<float> values;
    values.reserve(model.inputs.size());
    for (const Input& input : model.inputs)
        values.push_back(input.of(features.data()));
    if (model.isLinear()) {
        result.bias = model.linear.intercept;
        for (size_t i = 0; i < values.size(); i++) {
            const double mean = model.linear.means[i];
            const double value = std::isnan(values[i]) ? mean : static_cast<double>(values[i]);
            result.inputs[i] = model.linear.coefficients[i] * (value - mean);
            result.bias += model.linear.coefficients[i] * mean;
        }
        return result;
    }
    result.bias = model.trees.base;
    const auto players = playersOf(model.inputs, model.features.size());
    TreeWalk walk(model.trees, players, values.data(), result.inputs);
    for (const uint32_t root : model.trees.roots) {
        walk.run(root);
        result.bias += model.trees.scale * meanLeaf(model.trees, root);
    }
    return result;
}

std::vector<double> byFeature(const Model& model, const Contributions& contributions) {
    std::vector<double> result(model.features.size());
    for (size_t i = 0; i < model.inputs.size(); i++)
        result[model.inputs[i].feature] += contributions.inputs[i];
    return result;
}

}  // namespace footfall::model
