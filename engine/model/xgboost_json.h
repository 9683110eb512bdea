// The trees of a model that XGBoost has saved as JSON (booster gbtree, objective binary:logistic).
// It is data from outside: every number is checked, nothing else of it is looked at.
#pragma once

#include <string_view>

#include "engine/model/model.h"

namespace footfall::model {

// `inputs`: how many a node may ask for. CorruptData or Unsupported when it is something else.
Trees treesOfXgboostJson(std::string_view text, size_t inputs);

}  // namespace footfall::model
