// A JSON document of XGBoost, taken apart: what reading trees and reading models share.
#pragma once

#include <functional>
#include <vector>

#include "engine/exchange/json.h"
#include "engine/model/model.h"

namespace footfall::exchange {

// What a node asks for: an input of the model, or nobody's.
struct Split {
    // The feature's number in the document, and for a split by categories their numbers.
    size_t feature;
    bool byCategories;
    std::vector<long> categories;
};

class XgboostDocument {
  public:
    // Unsupported, naming what it has, when it is no gbtree of one output for a probability. `poll`
    // is called now and then and may throw.
    XgboostDocument(std::string_view text, void (*poll)());

    size_t features() const { return features_; }
    // The probability that a row has before the first tree.
    float baseScore() const { return baseScore_; }
    const Json& learner() const { return *learner_; }
    // "gradient_booster", "model".
    const Json& booster() const { return *booster_; }

    // Calls `inputOf` with what each node asks for; it says the number of the input. Leaves are
    // divided by `leafScale`, from all their digits, unless it is 1. The base is not set.
    model::Trees trees(const std::function<uint32_t(const Split&)>& inputOf, double leafScale,
                       void (*poll)()) const;

  private:
    Json document_;
    const Json* learner_;
    const Json* booster_;
    size_t features_;
    float baseScore_;
};

// Log odds of a base score.
double marginOf(float baseScore);

}  // namespace footfall::exchange
