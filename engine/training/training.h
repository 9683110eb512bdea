// A training from rows to a judged model.
//
// Features are prepared and the model is learnt from rows of training, its calibration from the
// calibration fold (from out-of-sample rows, that is), its metrics and importances from test rows.
// The same dataset, options and number of threads give the same model.
#pragma once

#include "engine/model/dataset.h"
#include "engine/model/monitor.h"
#include "engine/model/options.h"
#include "engine/model/training_result.h"

namespace footfall::training {

// `dataset` has its roles. BadArgument when rows of a role lack a class.
model::TrainingResult train(model::Dataset dataset, const model::Options& options, unsigned threads,
                            model::Monitor& monitor);

}  // namespace footfall::training
