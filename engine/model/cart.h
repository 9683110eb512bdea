// Decision trees (CART, Gini) and random forests, learnt on histograms.
//
// Each input's values are put into at most 256 ranges once; a node's best split is found from the
// weights per range. An input with fewer different values than ranges splits exactly where CART
// would, half way between two neighbours. NaN has a range of its own and is tried on both sides. A
// forest draws its rows with replacement and looks at a random choice of inputs in each node. The
// same seed gives the same trees.
#pragma once

#include "engine/model/dataset.h"
#include "engine/model/model.h"
#include "engine/model/monitor.h"
#include "engine/model/options.h"

namespace footfall::model {

// Leaves are shares of the label; the margin is their mean over the trees. `weights`: one a row.
Trees growTrees(const InputMatrix& matrix, std::span<const uint8_t> labels,
                std::span<const float> weights, const Options& options, Monitor& monitor);

}  // namespace footfall::model
