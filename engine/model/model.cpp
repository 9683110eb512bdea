// See model.h.
#include "engine/model/model.h"

#include <algorithm>
#include <string_view>

#include "engine/base/error.h"
#include "engine/model/option_value.h"

namespace footfall::model {

namespace {

struct NamedAlgorithm {
    Algorithm algorithm;
    const char* name;
};
constexpr NamedAlgorithm kAlgorithms[] = {
    {Algorithm::LogisticRegression, "logistic_regression"},
    {Algorithm::LinearSvc, "linear_svc"},
    {Algorithm::DecisionTree, "decision_tree"},
    {Algorithm::RandomForest, "random_forest"},
    {Algorithm::GradientBoosting, "gradient_boosting"},
};

}  // namespace

const char* nameOf(Algorithm algorithm) {
    for (const auto& [known, name] : kAlgorithms) {
        if (known == algorithm)
            return name;
    }
    base::throwInternal("there is no algorithm %d", static_cast<int>(algorithm));
}

Algorithm algorithmNamed(std::string_view wanted) {
    for (const auto& [algorithm, name] : kAlgorithms) {
        if (wanted == name)
            return algorithm;
    }
    throw base::Error(base::ErrorKind::BadArgument, "there is no algorithm \"%.*s\"", shown(wanted),
                      wanted.data())
        .withHint(
            "Known are logistic_regression, linear_svc, decision_tree, random_forest and "
            "gradient_boosting.");
}

uint32_t depthOf(const Trees& trees, uint32_t root) {
    struct Place {
        uint32_t node;
        uint32_t depth;
    };
    std::vector<Place> open = {{root, 0}};
    uint32_t deepest = 0;
    while (!open.empty()) {
        const auto [number, depth] = open.back();
        open.pop_back();
        deepest = std::max(deepest, depth);
        if (depth > kMaxDepth)
            base::throwCorrupt("a tree is deeper than %u", kMaxDepth);
        if (const uint32_t left = trees.nodes[number].left; left != 0) {
            open.push_back({left, depth + 1});
            open.push_back({left + 1, depth + 1});
        }
    }
    return deepest;
}

}  // namespace footfall::model
