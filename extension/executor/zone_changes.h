// Where a time zone changes its offset within a quarter of an hour.
//
// The idea: clocks are put forward and back at full quarters of an hour of UTC, but for what was
// before standard time (São Tomé's clocks went back by 1:03:41 at 23:33:04 UTC of 1883-12-31) and
// for zones that somebody writes out. In such a quarter the local time at both ends does not tell
// what it is between them.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::executor {

constexpr int64 kQuarterHour = INT64CONST(15) * 60 * 1000000;

struct ZoneChanges {
    // Numbers of quarters of an hour since 2000-01-01 00:00 UTC, ascending; they live as long as
    // the process.
    std::span<const int64> quarters;
    bool everyYear = false;  // in so many that they are not listed
};

ZoneChanges changesWithinQuarters(pg_tz* zone);

// The zone that date_trunc takes a name for; nullptr when it knows none.
pg_tz* zoneNamed(const char* name);

}  // namespace footfall::executor
