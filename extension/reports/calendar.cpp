// See calendar.h.
#include "extension/reports/calendar.h"

#include <cstring>

namespace footfall::reports {

namespace {

// Of the calendar that dates have.
constexpr char kFirstDay[] = "'4714-11-24 BC'::pg_catalog.date";
constexpr char kOrigin[] = "'2001-01-01 00:00:00'::pg_catalog.timestamp";
constexpr int64 kOriginDay = 2451911;  // its position

// The name that date_trunc has for so many months, or nullptr.
const char* unitOfMonths(int64 months) {
    return months == 1 ? "month" : months == 3 ? "quarter" : months == 12 ? "year" : nullptr;
}

const char* unitOfDays(int64 days) {
    return days == 1 ? "day" : days == 7 ? "week" : nullptr;
}

// Months since January of year 1 for a timestamp. The year before year 1 is called -1.
const char* monthOf(const char* local) {
    return psprintf(
        "((pg_catalog.date_part('year', %s) OPERATOR(pg_catalog.*) 12::pg_catalog.float8 "
        "OPERATOR(pg_catalog.+) pg_catalog.date_part('month', %s))::pg_catalog.int4 "
        "OPERATOR(pg_catalog.-) CASE WHEN %s OPERATOR(pg_catalog.<) "
        "'0001-01-01 00:00:00'::pg_catalog.timestamp THEN 1 ELSE 13 END)",
        local, local, local);
}

bool isUtc(const char* zone) {
    return strcmp(zone, "'UTC'") == 0 || strcmp(zone, "'Etc/UTC'") == 0;
}

}  // namespace

Calendar Calendar::of(const Arguments& arguments, const char* argument, const char* zone) {
    const Interval& interval = *arguments.requiredInterval(argument);
    const int parts = (interval.month != 0) + (interval.day != 0) + (interval.time != 0);
    if (parts != 1 || interval.month < 0 || interval.day < 0 || interval.time < 0) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("%s must be a positive number of months, of days or of hours and less",
                        argument),
                 errhint("For example %s => '1 day', '1 week', '3 months' or '15 minutes'.",
                         argument)));
    }
    if (interval.month > 0) {
        return {Unit::Months, interval.month, zone};
    }
    if (interval.day > 0) {
        return {Unit::Days, interval.day, zone};
    }
    return {Unit::Duration, interval.time, zone};
}

Calendar Calendar::days(const char* zone) {
    return {Unit::Days, 1, zone};
}

const char* Calendar::start(const char* time) const {
    const char* unit = nullptr;
    switch (unit_) {
        case Unit::Months:
            unit = unitOfMonths(count_);
            break;
        case Unit::Days:
            unit = unitOfDays(count_);
            break;
        case Unit::Duration:
            if (count_ == USECS_PER_HOUR && isUtc(zone_)) {
                unit = "hour";
                break;
            }
            return psprintf("pg_catalog.date_bin(%s, %s, pg_catalog.timezone(%s, %s))", step(),
                            time, zone_, kOrigin);
    }
    // The same instant as below, and what FootfallAggregate computes without asking for every row.
    if (unit != nullptr) {
        return psprintf("pg_catalog.date_trunc('%s', %s, %s)", unit, time, zone_);
    }
    return psprintf("pg_catalog.timezone(%s, %s)", zone_, localStart(time));
}

const char* Calendar::position(const char* start) const {
    const char* local = psprintf("pg_catalog.timezone(%s, %s)", zone_, start);
    switch (unit_) {
        case Unit::Months:
            return monthOf(local);
        case Unit::Days:
            return psprintf("(%s::pg_catalog.date OPERATOR(pg_catalog.-) %s)", local, kFirstDay);
        case Unit::Duration:
            break;
    }
    return psprintf(
        "((pg_catalog.\"extract\"('epoch', %s) OPERATOR(pg_catalog.-) "
        "pg_catalog.\"extract\"('epoch', pg_catalog.timezone(%s, %s))) OPERATOR(pg_catalog.*) "
        "1000000::pg_catalog.numeric)::pg_catalog.int8",
        start, zone_, kOrigin);
}

const char* Calendar::ordinal(const char* start, int64 position) const {
    const auto from = static_cast<long long>(position);
    const auto count = static_cast<long long>(count_);
    if (unit_ == Unit::Days) {
        // The difference of two dates, divided: FootfallAggregate makes it part of date_trunc.
        return psprintf(
            "((pg_catalog.timezone(%s, %s)::pg_catalog.date OPERATOR(pg_catalog.-) "
            "(%s OPERATOR(pg_catalog.+) %lld)) OPERATOR(pg_catalog./) %lld)",
            zone_, start, kFirstDay, from, count);
    }
    return psprintf(
        "((%s OPERATOR(pg_catalog.-) (%lld)) OPERATOR(pg_catalog./) %lld)::pg_catalog.int4",
        this->position(start), from, count);
}

int64 Calendar::positionOfPeriod(int64 position) const {
    if (unit_ != Unit::Days) {
        return position;
    }
    const int64 beyond = (position - kOriginDay) % count_;
    return position - (beyond < 0 ? beyond + count_ : beyond);
}

// The start as the clocks of the zone show it: a timestamp.
const char* Calendar::localStart(const char* time) const {
    const char* local = psprintf("pg_catalog.timezone(%s, %s)", zone_, time);
    const char* unit = unit_ == Unit::Months ? unitOfMonths(count_) : unitOfDays(count_);
    if (unit != nullptr) {
        return psprintf("pg_catalog.date_trunc('%s', %s)", unit, local);
    }
    if (unit_ == Unit::Days) {
        return psprintf("pg_catalog.date_bin(%s, %s, %s)", step(), local, kOrigin);
    }
    return psprintf(
        "('0001-01-01 00:00:00'::pg_catalog.timestamp OPERATOR(pg_catalog.+) "
        "pg_catalog.make_interval(months => (pg_catalog.floor(%s::pg_catalog.float8 "
        "OPERATOR(pg_catalog./) %lld::pg_catalog.float8) OPERATOR(pg_catalog.*) "
        "%lld::pg_catalog.float8)::pg_catalog.int4))",
        monthOf(local), static_cast<long long>(count_), static_cast<long long>(count_));
}

const char* Calendar::step() const {
    switch (unit_) {
        case Unit::Months:
            return psprintf("'%lld months'::pg_catalog.interval", static_cast<long long>(count_));
        case Unit::Days:
            return psprintf("'%lld days'::pg_catalog.interval", static_cast<long long>(count_));
        case Unit::Duration:
            break;
    }
    return durationLiteral(count_);
}

const char* Calendar::periods(const char* from, const char* to) const {
    if (unit_ == Unit::Duration) {
        return psprintf(
            "SELECT p.number AS number, p.starts AS starts, p.starts OPERATOR(pg_catalog.+) %s AS "
            "ends FROM pg_catalog.generate_series(%s, %s, %s) WITH ORDINALITY AS p(starts, number)",
            step(), start(from), start(to), step());
    }
    // A day that a zone left out, moving across the date line, has no length and is none.
    return psprintf(
        "SELECT pg_catalog.row_number() OVER (ORDER BY p.starts) AS number, p.starts AS starts, "
        "p.ends AS ends FROM (SELECT pg_catalog.timezone(%s, l.starts) AS starts, "
        "pg_catalog.timezone(%s, l.starts OPERATOR(pg_catalog.+) %s) AS ends "
        "FROM pg_catalog.generate_series(%s, %s, %s) AS l(starts)) AS p "
        "WHERE p.starts OPERATOR(pg_catalog.<) p.ends",
        zone_, zone_, step(), localStart(from), localStart(to), step());
}

}  // namespace footfall::reports
