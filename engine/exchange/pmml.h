// Models as PMML 4.4.
//
// A model is a regression whose value is the margin (trees: a sum of segments, one a tree), with an
// output field "probability" that a transformation makes of it. Numbers are fields of single
// precision, as the scorer's are; leaves and coefficients are written with the digits of a double,
// so that sums are the same. NULL is a missing value, a text that is no category a value that is
// passed on as it is.
#pragma once

#include <string>

#include "engine/model/model.h"

namespace footfall::exchange {

// Unsupported for a model that asks for no feature, and for names with control characters, which
// XML cannot hold.
std::string pmmlOf(const model::Model& model, bool calibrated);

}  // namespace footfall::exchange
