// The rows of an InteractionQuery as the engine's interactions, with a limit to their memory.
#pragma once

#include "engine/recommendation/interactions.h"
#include "engine/recommendation/options.h"

namespace footfall::functions {

// Inside enterEngine. OutOfMemory when a training with these options on so many threads would take
// more than maintenance_work_mem and a fixed allowance.
recommendation::Interactions readInteractions(const char* query,
                                              const recommendation::Options& options,
                                              uint32_t threads);

}  // namespace footfall::functions
