// The rows of a relation or a query as the engine's dataset: read as the caller, under the caller's
// snapshot, a batch at a time.
#pragma once

#include "engine/model/dataset.h"
#include "extension/functions/model/training_options.h"

namespace footfall::functions {

// The query that reads a relation or a query, in the current context. May raise an ERROR.
char* datasetQuery(const char* dataset);

// Inside enterEngine, with SPI connected. Every column that is neither the label nor named in the
// options is a feature. Roles are assigned.
model::Dataset readDataset(const char* dataset, const char* label, const TrainingOptions& options);

}  // namespace footfall::functions
