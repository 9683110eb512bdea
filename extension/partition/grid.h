// Where partitions begin and end.
//
// The idea: time is cut into numbered slots. Slots of days and months begin at midnight of the
// table's time zone, so a day of daylight saving time's change has 23 or 25 hours; slots of hours
// and less are absolute lengths, so none of them is ever empty or doubled. Weeks begin on Monday,
// months and years with the calendar.
//
// Times are PostgreSQL's microseconds since 2000 in the terms of the column: UTC for timestamptz,
// the column's own for timestamp and date.
//
// Invariant: lowerOf(slotAt(t)) <= t < lowerOf(slotAt(t) + 1), also where midnight happens twice or
// not at all; a slot may be empty (a day that a time zone left out).
#pragma once

#include "extension/pg/pg.h"

namespace footfall::partition {

struct Grid {
    Oid type;      // timestamptz, timestamp or date
    int32 months;  // one of the three lengths is set
    int32 days;
    int64 micros;
    const char* zone;  // name of a time zone
};

// Times that partitions are made for: years 1 to 9999.
bool inCalendar(int64 time);

int64 slotAt(const Grid& grid, int64 time);
int64 lowerOf(const Grid& grid, int64 slot);

// A moment in the terms of the grid's column.
int64 fromMoment(const Grid& grid, TimestampTz moment);
TimestampTz toMoment(const Grid& grid, int64 time);

// `time` less an interval, by the calendar of the time zone.
int64 before(const Grid& grid, int64 time, const Interval* interval);

// A time as a literal without quotes, the same for every session.
char* literalOf(const Grid& grid, int64 time);

// What follows the table's name in the name of a partition that begins at `time`: as long as the
// grid asks for, or down to the second when `exact`. Sorts as the times do.
char* nameOf(const Grid& grid, int64 time, bool exact);

// A value of the column as a time; INT64_MIN and INT64_MAX for the infinite ones.
int64 timeOfDatum(Oid type, Datum value);

}  // namespace footfall::partition
