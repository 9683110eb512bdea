// Logistic regression and the linear support vector machine (squared hinge), L2-regularised, by
// LIBLINEAR's trust region method on the primal.
//
// Numbers are worked on with mean 0 and deviation 1, an unknown one counting as the mean; inputs
// that are 0 or 1 are left alone. Coefficients are given in the units of the data.
#pragma once

#include "engine/model/dataset.h"
#include "engine/model/model.h"
#include "engine/model/monitor.h"
#include "engine/model/options.h"

namespace footfall::training {

model::Linear trainLinear(const model::InputMatrix& matrix, const std::vector<model::Input>& inputs,
                          std::span<const uint8_t> labels, const model::Options& options,
                          model::Monitor& monitor);

}  // namespace footfall::training
