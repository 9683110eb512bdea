// The process that learns: a plain child of the worker, without PostgreSQL.
//
// A library that runs out of memory may end its process, and so may the system when memory is
// short. Were that the worker, the postmaster would restart the server; a child takes nobody with
// it, and can be stopped at any moment, whatever a library is doing.
#pragma once

#include "extension/training/channel.h"

namespace footfall::training {

// In the child, right after fork: trains what the channel asks for, writes the message into
// `answer` and ends the process. Calls nothing of PostgreSQL but what copies texts.
[[noreturn]] void runTrainer(Channel* channel, int answer, pid_t parent);

}  // namespace footfall::training
