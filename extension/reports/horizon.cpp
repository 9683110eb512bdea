// See horizon.h.
#include "extension/reports/horizon.h"

namespace footfall::reports {

namespace {

bool hasPassed(TimestampTz until) {
    return !TIMESTAMP_NOT_FINITE(until) && until <= GetCurrentTransactionStartTimestamp();
}

// An event of a clock that was ahead does not say what will have happened until then.
const char* atMostNow(const char* time) {
    return psprintf("CASE WHEN %s IS NOT NULL THEN LEAST(%s, %s) END", time, time,
                    timeLiteral(GetCurrentTransactionStartTimestamp()));
}

}  // namespace

const char* horizonOf(const EventSource& source, TimestampTz until) {
    if (hasPassed(until)) {
        return psprintf("SELECT %s AS at, %s AS last", timeLiteral(until), timeLiteral(until - 1));
    }
    return psprintf("SELECT %s AS at, e.at AS last FROM (SELECT %s AS at FROM %s WHERE %s) AS e",
                    atMostNow("e.at"), source.timeOf("max"), source.from(),
                    source.during(DT_NOBEGIN, until));
}

const char* horizonBeyond(const EventSource& source, TimestampTz until) {
    if (!hasPassed(until)) {
        return horizonOf(source, DT_NOEND);
    }
    return psprintf(
        "SELECT GREATEST(%s, %s) AS at, GREATEST(e.at, %s) AS last FROM (SELECT %s AS at "
        "FROM %s WHERE %s) AS e",
        atMostNow("e.at"), timeLiteral(until), timeLiteral(until - 1), source.timeOf("max"),
        source.from(), source.during(DT_NOBEGIN, DT_NOEND));
}

const char* horizonBeyond(TimestampTz lastEvent, TimestampTz until) {
    TimestampTz at = Min(lastEvent, GetCurrentTransactionStartTimestamp());
    TimestampTz last = lastEvent;
    if (hasPassed(until)) {
        at = Max(at, until);
        last = Max(last, until - 1);
    }
    return psprintf("SELECT %s AS at, %s AS last", timeLiteral(at), timeLiteral(last));
}

}  // namespace footfall::reports
