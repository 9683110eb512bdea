// See grid.h.
#include "extension/partition/grid.h"

namespace footfall::partition {

namespace {

// 2000-01-01 was a Saturday: days are counted from the Monday after it.
constexpr int64 kFirstMonday = 2;

int64 floorDivide(int64 value, int64 divisor) {
    const int64 quotient = value / divisor;
    return value % divisor < 0 ? quotient - 1 : quotient;
}

bool hasZone(const Grid& grid) {
    return grid.type == TIMESTAMPTZOID;
}

// Moment to wall clock and back.
int64 toWall(const Grid& grid, int64 time) {
    return DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, CStringGetTextDatum(grid.zone),
                                                 TimestampTzGetDatum(time)));
}

int64 fromWall(const Grid& grid, int64 wall) {
    return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, CStringGetTextDatum(grid.zone),
                                                   TimestampGetDatum(wall)));
}

struct pg_tm breakDown(int64 time, fsec_t* fraction) {
    struct pg_tm broken = {};
    if (timestamp2tm(time, nullptr, &broken, fraction, nullptr, nullptr) != 0) {
        ereport(ERROR,
                (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
    }
    return broken;
}

int64 wallSlot(const Grid& grid, int64 wall) {
    if (grid.months > 0) {
        fsec_t fraction = 0;
        const struct pg_tm broken = breakDown(wall, &fraction);
        return floorDivide(int64{broken.tm_year} * 12 + broken.tm_mon - 1, grid.months);
    }
    return floorDivide(floorDivide(wall, USECS_PER_DAY) - kFirstMonday, grid.days);
}

int64 wallLower(const Grid& grid, int64 slot) {
    if (grid.months > 0) {
        const int64 months = slot * grid.months;
        const int64 year = floorDivide(months, 12);
        const int day = date2j(static_cast<int>(year), static_cast<int>(months - year * 12) + 1, 1);
        return (int64{day} - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
    }
    return (slot * grid.days + kFirstMonday) * USECS_PER_DAY;
}

}  // namespace

bool inCalendar(int64 time) {
    static const int64 first = (int64{date2j(1, 1, 1)} - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
    static const int64 last = (int64{date2j(9999, 1, 1)} - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
    return time >= first && time < last;
}

int64 lowerOf(const Grid& grid, int64 slot) {
    if (grid.micros > 0) {
        return slot * grid.micros;
    }
    const int64 wall = wallLower(grid, slot);
    return hasZone(grid) ? fromWall(grid, wall) : wall;
}

int64 slotAt(const Grid& grid, int64 time) {
    if (grid.micros > 0) {
        return floorDivide(time, grid.micros);
    }
    int64 slot = wallSlot(grid, hasZone(grid) ? toWall(grid, time) : time);
    // Where clocks are set back over midnight, the wall clock shows a day before it has begun for
    // good, or again after it has ended.
    while (time < lowerOf(grid, slot)) {
        slot--;
    }
    while (time >= lowerOf(grid, slot + 1)) {
        slot++;
    }
    return slot;
}

int64 fromMoment(const Grid& grid, TimestampTz moment) {
    return hasZone(grid) ? moment : toWall(grid, moment);
}

TimestampTz toMoment(const Grid& grid, int64 time) {
    return hasZone(grid) ? time : fromWall(grid, time);
}

int64 before(const Grid& grid, int64 time, const Interval* interval) {
    const int64 wall = hasZone(grid) ? toWall(grid, time) : time;
    const int64 earlier = DatumGetTimestamp(DirectFunctionCall2(
        timestamp_mi_interval, TimestampGetDatum(wall), IntervalPGetDatum(interval)));
    return hasZone(grid) ? fromWall(grid, earlier) : earlier;
}

char* literalOf(const Grid& grid, int64 time) {
    fsec_t fraction = 0;
    struct pg_tm broken = breakDown(time, &fraction);
    char* text = static_cast<char*>(palloc(MAXDATELEN + 1));
    if (grid.type == DATEOID) {
        EncodeDateOnly(&broken, USE_ISO_DATES, text);
    } else {
        broken.tm_isdst = 0;  // otherwise the offset would be left out
        EncodeDateTime(&broken, fraction, hasZone(grid), 0, nullptr, USE_ISO_DATES, text);
    }
    return text;
}

char* nameOf(const Grid& grid, int64 time, bool exact) {
    const bool wall = hasZone(grid) && grid.micros == 0;
    fsec_t fraction = 0;
    const struct pg_tm broken = breakDown(wall ? toWall(grid, time) : time, &fraction);
    if (exact || grid.micros % USECS_PER_MINUTE != 0) {
        return psprintf("%04d_%02d_%02d_%02d%02d%02d", broken.tm_year, broken.tm_mon,
                        broken.tm_mday, broken.tm_hour, broken.tm_min, broken.tm_sec);
    }
    if (grid.micros > 0) {
        return psprintf("%04d_%02d_%02d_%02d%02d", broken.tm_year, broken.tm_mon, broken.tm_mday,
                        broken.tm_hour, broken.tm_min);
    }
    if (grid.days > 0) {
        return psprintf("%04d_%02d_%02d", broken.tm_year, broken.tm_mon, broken.tm_mday);
    }
    return grid.months % 12 == 0 ? psprintf("%04d", broken.tm_year)
                                 : psprintf("%04d_%02d", broken.tm_year, broken.tm_mon);
}

int64 timeOfDatum(Oid type, Datum value) {
    if (type == DATEOID) {
        const DateADT date = DatumGetDateADT(value);
        if (DATE_IS_NOBEGIN(date)) {
            return PG_INT64_MIN;
        }
        return DATE_IS_NOEND(date) ? PG_INT64_MAX : int64{date} * USECS_PER_DAY;
    }
    return DatumGetTimestamp(value);  // its infinities are these numbers
}

}  // namespace footfall::partition
