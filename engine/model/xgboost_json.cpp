// See xgboost_json.h.
#include "engine/model/xgboost_json.h"

#include <cmath>

#include "engine/base/error.h"
#include "engine/model/json.h"

namespace footfall::model {

namespace {

// XGBoost's nodes of one tree, as they are in the file.
struct StoredTree {
    const std::vector<Json>& left;
    const std::vector<Json>& right;
    const std::vector<Json>& input;
    const std::vector<Json>& condition;  // a leaf's is its value
    const std::vector<Json>& nullGoesLeft;
    const std::vector<Json>& cover;

    explicit StoredTree(const Json& tree)
        : left(tree.at("left_children").array()),
          right(tree.at("right_children").array()),
          input(tree.at("split_indices").array()),
          condition(tree.at("split_conditions").array()),
          nullGoesLeft(tree.at("default_left").array()),
          cover(tree.at("sum_hessian").array()) {
        const size_t count = left.size();
        if (count == 0 || right.size() != count || input.size() != count ||
            condition.size() != count || nullGoesLeft.size() != count || cover.size() != count)
            base::throwCorrupt("a tree of the XGBoost model has arrays of different lengths");
    }
};

// Nodes come out in the order they are met, so that children are neighbours behind their parent.
void append(const StoredTree& stored, size_t inputs, Trees& trees) {
    struct Open {
        uint32_t node;
        size_t stored;
    };
    trees.roots.push_back(static_cast<uint32_t>(trees.nodes.size()));
    std::vector<Open> open = {{trees.roots.back(), 0}};
    std::vector<bool> seen(stored.left.size());
    trees.nodes.emplace_back();
    while (!open.empty()) {
        const auto [number, from] = open.back();
        open.pop_back();
        if (from >= seen.size() || seen[from])
            base::throwCorrupt("a node of the XGBoost model has two parents or does not exist");
        seen[from] = true;
        Node node;
        node.threshold = stored.condition[from].toFloat();
        node.cover = stored.cover[from].toFloat();
        if (node.cover < 0)
            base::throwCorrupt("a node of the XGBoost model has cover %g",
                               static_cast<double>(node.cover));
        const long left = stored.left[from].toLong();
        if (left >= 0) {
            const long input = stored.input[from].toLong();
            const long right = stored.right[from].toLong();
            if (input < 0 || static_cast<size_t>(input) >= inputs || right < 0)
                base::throwCorrupt("a node of the XGBoost model asks for input %ld of %zu", input,
                                   inputs);
            if (!(node.cover > 0))
                base::throwCorrupt("a node of the XGBoost model with children has no cover");
            if (trees.nodes.size() + 2 > kMaxNodes)
                base::throwUnsupported("the XGBoost model has more than %u nodes", kMaxNodes);
            node.input = static_cast<uint32_t>(input);
            node.nullGoesLeft = stored.nullGoesLeft[from].toBool();
            node.left = static_cast<uint32_t>(trees.nodes.size());
            trees.nodes.resize(trees.nodes.size() + 2);
            open.push_back({node.left + 1, static_cast<size_t>(right)});
            open.push_back({node.left, static_cast<size_t>(left)});
        }
        trees.nodes[number] = node;
    }
    (void)depthOf(trees, trees.roots.back());
}

}  // namespace

Trees treesOfXgboostJson(std::string_view text, size_t inputs) {
    const Json document = parseJson(text);
    const Json& learner = document.at("learner");
    if (learner.at("objective").at("name").text != "binary:logistic")
        base::throwUnsupported("only XGBoost models with objective binary:logistic can be read");
    const Json& booster = learner.at("gradient_booster");
    if (booster.at("name").text != "gbtree")
        base::throwUnsupported("only XGBoost models with booster gbtree can be read");
    Trees trees;
    const double share =
        static_cast<double>(learner.at("learner_model_param").at("base_score").toFloat());
    if (!(share > 0 && share < 1))
        base::throwCorrupt("the base score of the XGBoost model is %g", share);
    trees.base = std::log(share / (1 - share));
    for (const Json& tree : booster.at("model").at("trees").array())
        append(StoredTree(tree), inputs, trees);
    return trees;
}

}  // namespace footfall::model
