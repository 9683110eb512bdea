// Removing objects that no reader needs any more.
//
// Kept are the objects the log names, those that left it less than the grace period ago (readers of
// older versions, point-in-time recovery), those younger than that (an upload whose commit is still
// to come), and those the caller names: an object that was uploaded long ago and may still be
// committed. Everything else below the table's root goes, what writers that died left half done
// included; of the log's own folder only that.
#pragma once

#include <functional>

#include "engine/archive/delta_log.h"

namespace footfall::archive {

struct VacuumOptions {
    int64_t nowMicros = 0;  // since 1970
    int64_t graceMicros = 0;
    std::function<bool(const std::string& key)> keep = [](const std::string&) { return false; };
};

struct VacuumResult {
    uint64_t kept = 0;
    uint64_t removed = 0;
    uint64_t removedBytes = 0;
};

// Refreshes `log`. Throws BadArgument when there is no table or the grace period is negative.
VacuumResult vacuum(ObjectStore& store, DeltaLog& log, const VacuumOptions& options);

}  // namespace footfall::archive
