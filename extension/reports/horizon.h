// Up to where a report knows what happened.
//
// The horizon is `until` when that has passed, else the last event of the source (before `until`),
// and never later than now.
// A period that ends at or before the horizon is complete. The end of a log may lie shortly before
// the end of its last period: `until` says that nothing is missing.
#pragma once

#include "extension/reports/event_source.h"

namespace footfall::reports {

// A query of one row (at, last): the horizon, and the last moment that reports show, which is just
// before `until` or the last event. Both are NULL when there are no events.
const char* horizonOf(const EventSource& source, TimestampTz until);

// The same where `until` bounds the entry and what follows from it may lie later: the horizon is
// the last event of all, or `until` when that is later and has passed.
const char* horizonBeyond(const EventSource& source, TimestampTz until);
// For whoever knows the last event.
const char* horizonBeyond(TimestampTz lastEvent, TimestampTz until);

}  // namespace footfall::reports
