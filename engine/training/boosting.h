// Gradient boosting by XGBoost (histograms, logistic loss), round by round, so that a monitor can
// stop it in between. What it has learnt is read from its own JSON into this engine's trees.
#pragma once

#include "engine/model/dataset.h"
#include "engine/model/model.h"
#include "engine/model/monitor.h"
#include "engine/model/options.h"

namespace footfall::training {

// `weights`: one a row.
model::Trees boostTrees(const model::InputMatrix& matrix, std::span<const uint8_t> labels,
                        std::span<const float> weights, const model::Options& options,
                        unsigned threads, model::Monitor& monitor);

}  // namespace footfall::training
