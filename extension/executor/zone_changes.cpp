// See zone_changes.h.
#include "extension/executor/zone_changes.h"

namespace footfall::executor {

namespace {

constexpr pg_time_t kEpoch = static_cast<pg_time_t>(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
                             SECS_PER_DAY;  // 2000-01-01 in Unix time
constexpr pg_time_t kQuarter = kQuarterHour / USECS_PER_SEC;
constexpr pg_time_t kFirst = kEpoch + MIN_TIMESTAMP / USECS_PER_SEC;
// From 2100 on a zone has nothing but the rule by which it goes on, the same every year.
constexpr pg_time_t kRuleOnly = kEpoch + INT64CONST(100) * 366 * SECS_PER_DAY;
constexpr pg_time_t kRuleSeen = kRuleOnly + INT64CONST(3) * 366 * SECS_PER_DAY;

// What was found out of a zone; PostgreSQL keeps zones as long as the process, too.
struct Known {
    pg_tz* zone;
    ZoneChanges changes;
    Known* next;
};
Known* known = nullptr;

// The next change of clocks after `at` and before `end` that is within a quarter; moves `at` there.
bool nextWithin(pg_tz* zone, pg_time_t* at, pg_time_t end) {
    long before = 0;
    long after = 0;
    int savingBefore = 0;
    int savingAfter = 0;
    pg_time_t change = 0;
    while (pg_next_dst_boundary(at, &before, &savingBefore, &change, &after, &savingAfter, zone) ==
               1 &&
           change > *at && change < end) {
        *at = change;
        if ((change - kEpoch) % kQuarter != 0) {
            return true;
        }
    }
    return false;
}

ZoneChanges find(pg_tz* zone) {
    ZoneChanges changes;
    pg_time_t at = kRuleOnly;
    if (nextWithin(zone, &at, kRuleSeen)) {
        changes.everyYear = true;
        return changes;
    }
    int64* quarters = nullptr;
    Size count = 0;
    for (at = kFirst; nextWithin(zone, &at, kRuleOnly);) {
        const pg_time_t since = at - kEpoch;
        const int64 quarter = since / kQuarter - (since < 0 ? 1 : 0);
        if (count % 16 == 0) {
            const Size bytes = sizeof(int64) * (count + 16);
            quarters = static_cast<int64*>(quarters == nullptr
                                               ? MemoryContextAlloc(TopMemoryContext, bytes)
                                               : repalloc(quarters, bytes));
        }
        quarters[count++] = quarter;
    }
    changes.quarters = {quarters, count};
    return changes;
}

}  // namespace

ZoneChanges changesWithinQuarters(pg_tz* zone) {
    for (const Known* one = known; one != nullptr; one = one->next) {
        if (one->zone == zone) {
            return one->changes;
        }
    }
    const ZoneChanges changes = find(zone);
    known = new (MemoryContextAlloc(TopMemoryContext, sizeof(Known))) Known{zone, changes, known};
    return changes;
}

pg_tz* zoneNamed(const char* name) {
    // Abbreviations go first, as in PostgreSQL.
    char* lower = pstrdup(name);
    for (char* c = lower; *c != '\0'; c++) {
        *c = static_cast<char>(pg_tolower(static_cast<unsigned char>(*c)));
    }
    int offset = 0;
    pg_tz* zone = nullptr;
#if PG_VERSION_NUM >= 160000
    int type = 0;
    DateTimeErrorExtra extra;
    if (DecodeTimezoneAbbrev(0, lower, &type, &offset, &zone, &extra) != 0) {
        return nullptr;
    }
#else
    const int type = DecodeTimezoneAbbrev(0, lower, &offset, &zone);
#endif
    if (type == TZ || type == DTZ) {
        return pg_tzset_offset(-offset);
    }
    return type == DYNTZ ? zone : pg_tzset(name);
}

}  // namespace footfall::executor
