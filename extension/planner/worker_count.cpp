// See worker_count.h.
#include "extension/planner/worker_count.h"

#include <sched.h>
#include <unistd.h>

#include "extension/module/settings.h"

namespace footfall::planner {

namespace {

int availableProcessors() {
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        return CPU_COUNT(&set);
    }
#endif
    return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
}

}  // namespace

int workersOfBatches(RelOptInfo* relation, double pages) {
    const int workers =
        compute_parallel_worker(relation, pages, -1, max_parallel_workers_per_gather);
    const int processors = module::processors > 0 ? module::processors : availableProcessors();
    // What no processor counts is not known.
    return processors < 1 ? workers
                          : Min(workers, processors - (parallel_leader_participation ? 1 : 0));
}

}  // namespace footfall::planner
