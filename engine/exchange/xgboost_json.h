// Models that XGBoost has saved as JSON, and models of ours in that form.
//
// What is read is data from outside: every number is checked, nothing else of it is looked at, and
// nothing of it is ever run. What is written, XGBoost loads.
//
// XGBoost's column is one input of a model: a number, whether a value is NULL, whether a text is a
// category. A column of categories (feature type "c") is a text, its splits are sets of them. What
// XGBoost has no place for (how inputs come from columns of the data, the calibration) stands in
// the attribute "footfall" of the learner, which XGBoost keeps and does not read: with it, a model
// that was written scores bit for bit the same once it is read again.
//
// Platt's calibration is a straight line on the margin, so it is worked into leaves and base score:
// XGBoost then gives the calibrated probability. Leaves are written with the digits of a double,
// from which the leaf before is found again exactly.
#pragma once

#include <string>
#include <string_view>

#include "engine/model/model.h"

namespace footfall::exchange {

// The trees of a model with numeric inputs, of which a node may ask for the first `inputs`: what
// training gets from XGBoost. CorruptData or Unsupported when it is something else.
model::Trees treesOfXgboostJson(std::string_view text, size_t inputs);

// What XGBoost does not say. BadArgument from `options`, a JSON object:
//   features    names by number (an array), or other names for XGBoost's (an object)
//   categories  of columns of categories: their texts by number; by the name of the feature
//   label       what the model predicts
constexpr std::string_view kNoOptions = "{}";

// Booster gbtree, objectives binary:logistic and reg:logistic. CorruptData when the text is no
// such model; Unsupported, naming what it has, for other boosters, objectives, several classes or
// outputs, and more than kMaxCategories categories.
// `poll` is called now and then and may throw.
model::Model modelOfXgboostJson(
    std::string_view text, std::string_view options, void (*poll)() = [] {});

// `calibrated`: with the model's calibration. Unsupported for what are no boosted trees, and for
// isotonic calibration.
std::string xgboostJsonOf(const model::Model& model, bool calibrated);

}  // namespace footfall::exchange
