// A critical section: an ERROR inside becomes a PANIC. PostgreSQL's macros count a volatile, which
// C++20 deprecates.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::pg {

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-volatile"
#endif

inline void startCriticalSection() {
    START_CRIT_SECTION();
}

inline void endCriticalSection() {
    END_CRIT_SECTION();
}

#ifdef __clang__
#pragma clang diagnostic pop
#endif

}  // namespace footfall::pg
