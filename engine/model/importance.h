// Permutation importance: how much ROC AUC is lost when one feature's values are dealt to the rows
// anew. Seeded; looks at `kMaxRows` rows at most.
#pragma once

#include "engine/model/dataset.h"
#include "engine/model/model.h"
#include "engine/model/monitor.h"

namespace footfall::model {

// One number a feature of the model; 0 for constant ones. `rows` has both classes.
std::vector<double> permutationImportance(const Model& model, const Dataset& dataset,
                                          std::span<const uint32_t> rows, uint64_t seed,
                                          Monitor& monitor);

}  // namespace footfall::model
