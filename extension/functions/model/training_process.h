// Starting the worker that trains, waiting for its answer, stopping it.
//
// The worker is stopped whenever the segment of shared memory is let go: at the end of the call, by
// the transaction's abort after an ERROR or a cancel, and at the end of the process.
#pragma once

#include <functional>

#include "engine/model/dataset.h"
#include "engine/model/training_result.h"
#include "extension/functions/model/training_options.h"
#include "extension/training/channel.h"

namespace footfall::functions {

// How many a training runs on: what a maintenance command may use, where the server lets processes
// be that many and the machine has processors.
uint32_t trainingThreads();

// Inside enterEngine. `request` is what channel.h says, and is cleared: its memory is free while
// the worker works. `read` gets the answer behind its first byte.
void runInWorker(base::ByteWriter& request, training::Task task, uint32_t algorithm,
                 const std::function<void(base::ByteReader&)>& read);

// Inside enterEngine. Takes the dataset: its memory is free while the worker works.
model::TrainingResult trainInWorker(model::Dataset dataset, const TrainingOptions& options);

}  // namespace footfall::functions
