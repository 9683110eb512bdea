#include "engine/archive/delta_vacuum.h"

#include <vector>

#include "engine/base/error.h"

namespace footfall::archive {

VacuumResult vacuum(ObjectStore& store, DeltaLog& log, const VacuumOptions& options) {
    if (options.graceMicros < 0)
        base::throwBadArgument("the grace period of an archive must not be negative");
    // Objects first, the log after: what is committed in between is seen as committed.
    std::vector<ObjectInfo> objects;
    store.list("", [&](const ObjectInfo& object) { objects.push_back(object); });
    log.refresh();
    if (log.version() < 0)
        base::throwBadArgument("there is no Delta table at \"%s\"", store.shown("").c_str());
    const int64_t horizon = options.nowMicros - options.graceMicros;
    VacuumResult result;
    for (const ObjectInfo& object : objects) {
        const auto removal = log.removed().find(object.key);
        const bool needed =
            log.files().contains(object.key) || object.modifiedMicros >= horizon ||
            (removal != log.removed().end() && removal->second >= horizon / 1000) ||
            (object.key.starts_with(kDeltaLogFolder) && !isUnfinished(object.key)) ||
            options.keep(object.key);
        if (needed) {
            ++result.kept;
            continue;
        }
        store.remove(object.key);
        ++result.removed;
        result.removedBytes += object.size;
    }
    result.removed += store.removeUnfinished("", horizon);
    return result;
}

}  // namespace footfall::archive
