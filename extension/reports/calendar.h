// Periods of time: calendar units in a time zone, or durations.
//
// '1 day', '1 week', '1 month' and their multiples are calendar units: a day begins at midnight in
// the time zone and may have 23 or 25 hours. Weeks begin on Monday, quarters and years in January;
// other multiples count from Monday, 2001-01-01 (days) and from year 1 (months). '1 hour' and all
// that is made of hours, minutes and seconds is a duration, counted from the midnight of
// 2001-01-01.
//
// A period is known by its start, a timestamptz. All pieces are SQL text.
#pragma once

#include "extension/reports/arguments.h"

namespace footfall::reports {

class Calendar {
  public:
    // Periods as long as the interval argument says; `zone` is a literal.
    static Calendar of(const Arguments& arguments, const char* argument, const char* zone);
    static Calendar days(const char* zone);

    // Whether periods are whole days.
    bool hasDays() const { return unit_ != Unit::Duration; }

    // The start of the period that a timestamptz lies in.
    const char* start(const char* time) const;

    // Where a period's start lies on a line of days, months or microseconds: an integer.
    const char* position(const char* start) const;
    // How many periods lie between a position and a start, an int4. A day that the zone left out
    // counts.
    const char* ordinal(const char* start, int64 position) const;
    // Of the period that begins there: a zone may have left out its first day.
    int64 positionOfPeriod(int64 position) const;
    int64 periodsBetween(int64 position, int64 other) const { return (other - position) / count_; }

    // A query that lists the periods from that of one time to that of another as (number, starts,
    // ends), numbers from 1. `from` and `to` are timestamptz expressions; no rows when one is NULL.
    const char* periods(const char* from, const char* to) const;

  private:
    enum class Unit { Months, Days, Duration };

    Calendar(Unit unit, int64 count, const char* zone) : unit_(unit), count_(count), zone_(zone) {}

    const char* localStart(const char* time) const;
    const char* step() const;

    Unit unit_;
    int64 count_;  // months, days or microseconds
    const char* zone_;
};

}  // namespace footfall::reports
