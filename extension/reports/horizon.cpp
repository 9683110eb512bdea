// See horizon.h.
#include "extension/reports/horizon.h"

namespace footfall::reports {

const char* horizonOf(const EventSource& source, TimestampTz until) {
    if (!TIMESTAMP_NOT_FINITE(until) && until <= GetCurrentTransactionStartTimestamp()) {
        return psprintf("SELECT %s AS at, %s AS last", timeLiteral(until), timeLiteral(until - 1));
    }
    return psprintf("SELECT e.at AS at, e.at AS last FROM (SELECT %s AS at FROM %s WHERE %s) AS e",
                    source.timeOf("max"), source.from(), source.during(DT_NOBEGIN, until));
}

}  // namespace footfall::reports
