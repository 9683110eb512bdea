// See xgboost_document.h.
#include "engine/exchange/xgboost_document.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "engine/base/error.h"

namespace footfall::exchange {

namespace {

using model::kMaxNodes;
using model::Node;
using model::Trees;

constexpr long kMostFeatures = 1L << 20;
// Nodes of a tree come in pairs behind the root.
constexpr size_t kNodesBetweenPolls = 1024;

std::string shown(const Json& value) {
    constexpr size_t kShown = 64;
    return std::string(value.text.substr(0, kShown));
}

// XGBoost's nodes of one tree, as they are in the file.
struct StoredTree {
    std::vector<long> left;
    std::vector<long> right;
    std::vector<long> feature;
    std::vector<float> condition;  // a leaf's is its value; nothing for a split by categories
    std::vector<double> exact;     // the same with all digits, when asked for
    std::vector<long> nullGoesLeft;
    std::vector<float> cover;
    // Of nodes that split by categories: how many, and from where in `categories`.
    std::vector<long> splitTypes;
    std::vector<long> categoryNodes;
    std::vector<long> categoryBegins;
    std::vector<long> categoryCounts;
    std::vector<long> categories;

    StoredTree(const Json& tree, bool exactly)
        : left(tree.at("left_children").longs()),
          right(tree.at("right_children").longs()),
          feature(tree.at("split_indices").longs()),
          condition(tree.at("split_conditions").floats()),
          nullGoesLeft(tree.at("default_left").longs()),
          cover(tree.at("sum_hessian").floats()) {
        if (exactly)
            exact = tree.at("split_conditions").doubles();
        const size_t count = left.size();
        // Models of XGBoost before 1.3 have no splits by categories.
        if (const Json* types = tree.find("split_type"); types != nullptr)
            splitTypes = types->longs();
        splitTypes.resize(splitTypes.empty() ? count : splitTypes.size());
        if (const Json* nodes = tree.find("categories_nodes"); nodes != nullptr) {
            categoryNodes = nodes->longs();
            categoryBegins = tree.at("categories_segments").longs();
            categoryCounts = tree.at("categories_sizes").longs();
            categories = tree.at("categories").longs();
        }
        if (count == 0 || right.size() != count || feature.size() != count ||
            condition.size() != count || nullGoesLeft.size() != count || cover.size() != count ||
            splitTypes.size() != count || categoryBegins.size() != categoryNodes.size() ||
            categoryCounts.size() != categoryNodes.size())
            base::throwCorrupt("a tree of the XGBoost model has arrays of different lengths");
        requireOwnCategories();
    }

    // Each category is one node's: ranges that overlap would be more work than the file is long.
    void requireOwnCategories() const {
        size_t claimed = 0;
        for (const long size : categoryCounts) {
            if (size < 0 || static_cast<size_t>(size) > categories.size() - claimed)
                base::throwCorrupt(
                    "splits of the XGBoost model have more categories than there are");
            if (static_cast<size_t>(size) > model::kMaxCategories)
                base::throwUnsupported(
                    "a split of the XGBoost model has %ld categories, more than %zu", size,
                    model::kMaxCategories);
            claimed += static_cast<size_t>(size);
        }
    }

    // The categories of a node; nodes are in rising order.
    std::vector<long> categoriesOf(size_t node) const {
        const auto found =
            std::ranges::lower_bound(categoryNodes, static_cast<long>(node), std::less<>());
        if (found == categoryNodes.end() || *found != static_cast<long>(node))
            base::throwCorrupt("a split by categories of the XGBoost model has none");
        const auto which = static_cast<size_t>(found - categoryNodes.begin());
        const long begin = categoryBegins[which];
        const long count = categoryCounts[which];
        const auto all = static_cast<long>(categories.size());
        if (begin < 0 || count < 0 || begin > all || count > all - begin)
            base::throwCorrupt("a split of the XGBoost model has categories that are not there");
        return {categories.begin() + begin, categories.begin() + begin + count};
    }
};

float leafValue(const StoredTree& stored, size_t node, double scale) {
    const float value =
        scale == 1 ? stored.condition[node] : static_cast<float>(stored.exact[node] / scale);
    if (!std::isfinite(value))
        base::throwCorrupt("a leaf of the XGBoost model is not finite");
    return value;
}

// The children of an inner node; their numbers in the file.
struct Children {
    size_t left;
    size_t right;
};

Children readSplit(const StoredTree& stored, size_t from, size_t features,
                   const std::function<uint32_t(const Split&)>& inputOf, Node& node) {
    const long feature = stored.feature[from];
    const long left = stored.left[from];
    const long right = stored.right[from];
    if (feature < 0 || static_cast<size_t>(feature) >= features || left < 0 || right < 0)
        base::throwCorrupt("a node of the XGBoost model asks for feature %ld of %zu", feature,
                           features);
    if (!(node.cover > 0))
        base::throwCorrupt("a node of the XGBoost model with children has no cover");
    Split split = {static_cast<size_t>(feature), stored.splitTypes[from] == 1, {}};
    node.threshold = stored.condition[from];
    if (split.byCategories) {
        split.categories = stored.categoriesOf(from);
        // In the set is right.
        constexpr float kBetween = 0.5F;
        node.threshold = kBetween;
    }
    if (!std::isfinite(node.threshold))
        base::throwCorrupt("a threshold of the XGBoost model is not finite");
    node.input = inputOf(split);
    node.nullGoesLeft = stored.nullGoesLeft[from] != 0;
    return {static_cast<size_t>(left), static_cast<size_t>(right)};
}

// Nodes come out in the order they are met, so that children are neighbours behind their parent.
void append(const StoredTree& stored, size_t features,
            const std::function<uint32_t(const Split&)>& inputOf, double leafScale, void (*poll)(),
            Trees& trees) {
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
        if (trees.nodes.size() % kNodesBetweenPolls == 1)
            poll();
        if (from >= seen.size() || seen[from])
            base::throwCorrupt("a node of the XGBoost model has two parents or does not exist");
        seen[from] = true;
        Node node;
        node.cover = stored.cover[from];
        if (!(node.cover >= 0) || !std::isfinite(node.cover))
            base::throwCorrupt("a node of the XGBoost model has cover %g",
                               static_cast<double>(node.cover));
        if (stored.left[from] < 0) {
            node.threshold = leafValue(stored, from, leafScale);
        } else {
            const auto [left, right] = readSplit(stored, from, features, inputOf, node);
            if (trees.nodes.size() + 2 > kMaxNodes)
                base::throwUnsupported("the XGBoost model has more than %u nodes", kMaxNodes);
            node.left = static_cast<uint32_t>(trees.nodes.size());
            trees.nodes.resize(trees.nodes.size() + 2);
            open.push_back({node.left + 1, right});
            open.push_back({node.left, left});
        }
        trees.nodes[number] = node;
    }
    (void)depthOf(trees, trees.roots.back());
}

// "5E-1", since XGBoost 3.1 "[5E-1]".
float readBaseScore(const Json& value) {
    Json number = value;
    if (number.text.starts_with('[') && number.text.ends_with(']'))
        number.text = number.text.substr(1, number.text.size() - 2);
    if (number.text.find(',') != std::string_view::npos)
        base::throwUnsupported("the XGBoost model has several outputs; only one can be read");
    const auto share = static_cast<float>(number.toDouble());
    if (!(share > 0 && share < 1))
        base::throwCorrupt("the base score of the XGBoost model is %g", static_cast<double>(share));
    return share;
}

long numberOr(const Json& object, std::string_view name, long otherwise) {
    const Json* member = object.find(name);
    return member == nullptr ? otherwise : member->toLong();
}

}  // namespace

XgboostDocument::XgboostDocument(std::string_view text, void (*poll)())
    : document_(parseJson(text, poll)), learner_(&document_.at("learner")) {
    const Json& objective = learner_->at("objective").at("name");
    if (objective.text != "binary:logistic" && objective.text != "reg:logistic") {
        throw base::Error(base::ErrorKind::Unsupported,
                          "the XGBoost model has objective \"%s\", which gives no probability of "
                          "one label",
                          shown(objective).c_str())
            .withHint("Models with objective binary:logistic or reg:logistic can be read.");
    }
    const Json& gradientBooster = learner_->at("gradient_booster");
    if (const Json& name = gradientBooster.at("name"); name.text != "gbtree") {
        throw base::Error(base::ErrorKind::Unsupported,
                          "the XGBoost model has booster \"%s\", which cannot be read",
                          shown(name).c_str())
            .withHint("Models with booster gbtree can be read.");
    }
    booster_ = &gradientBooster.at("model");
    const Json& parameters = learner_->at("learner_model_param");
    if (numberOr(parameters, "num_class", 0) > 1 || numberOr(parameters, "num_target", 1) > 1)
        base::throwUnsupported("the XGBoost model has several classes; only one label can be read");
    baseScore_ = readBaseScore(parameters.at("base_score"));
    const long features = parameters.at("num_feature").toLong();
    if (features < 0 || features > kMostFeatures)
        base::throwCorrupt("the XGBoost model has %ld features", features);
    features_ = static_cast<size_t>(features);
}

Trees XgboostDocument::trees(const std::function<uint32_t(const Split&)>& inputOf, double leafScale,
                             void (*poll)()) const {
    Trees trees;
    for (const Json& tree : booster_->at("trees").array()) {
        poll();
        if (const Json* parameters = tree.find("tree_param");
            parameters != nullptr && numberOr(*parameters, "size_leaf_vector", 1) > 1)
            base::throwUnsupported("the XGBoost model has several outputs; only one can be read");
        append(StoredTree(tree, leafScale != 1), features_, inputOf, leafScale, poll, trees);
    }
    return trees;
}

double marginOf(float baseScore) {
    const auto share = static_cast<double>(baseScore);
    return std::log(share / (1 - share));
}

}  // namespace footfall::exchange
