// How far the rows of today are from those a model has learnt from: the population stability index,
// sum of (new - old) * log(new / old) over the shares of ranges or categories. Below 0.1 is usually
// called stable, above 0.25 a shift.
#pragma once

#include "engine/model/feature.h"

namespace footfall::model {

// Numbers: ten ranges of about equal share (fewer when values repeat).
Distribution distributionOf(const Feature& feature, std::span<const float> column,
                            std::span<const uint32_t> rows);
// The range or category a value falls into, an index into `shares`.
size_t binOf(const Feature& feature, const Distribution& distribution, float value);

// An empty share counts as half a row of a thousand, so that the index stays finite.
double stabilityIndex(std::span<const double> before, std::span<const double> now);

}  // namespace footfall::model
