// footfall.cohort_retention: of the customers who first came in a period, how many came back in
// each period after it.
//
// A customer's entry is the first event (or first_event) of all, whenever that was, so the whole
// log is read: `since` must not make an old customer new. Dates then choose among the entries.
//
// The idea: a customer is a pattern of bits, one a period (footfall.active_periods), and few
// patterns are different. They are counted in one pass, which FootfallAggregate makes along the
// order of customers, and only then taken apart. Three questions are asked by customer and period
// instead: with more periods than kMostPatternPeriods hardly two customers are alike; with two
// events of their own, bits do not tell which came first in the period of the entry; and periods
// are counted from the first event of all, which a statement before says. A source that does not
// find the same rows again (a sample) is read once, into footfall_events.
#include <cstring>

#include "extension/reports/calendar.h"
#include "extension/reports/event_source.h"
#include "extension/reports/horizon.h"
#include "extension/reports/query_rows.h"
#include "extension/reports/report.h"
#include "extension/reports/rolling_retention.h"

namespace footfall::reports {

namespace {

constexpr const char* kModes[] = {"on", "on_or_after", "rolling", "rolling_or_after", nullptr};
constexpr int kRolling = 2;
constexpr int64 kMostPatternPeriods = 64;

// By customer and period. A customer is back in each period with a return event.
constexpr char kOn[] =
    "SELECT a.cohort AS cohort, a.period AS period, pg_catalog.count(*) AS retained "
    "FROM footfall_entered AS a WHERE a.return_at OPERATOR(pg_catalog.>=) a.entered_at "
    "GROUP BY 1, 2";
// A customer is back up to the period of the last return event: one row a customer.
constexpr char kOnOrAfter[] =
    "SELECT c.cohort AS cohort, c.period AS period, pg_catalog.count(*) AS retained FROM ("
    "SELECT a.cohort AS cohort, pg_catalog.max(a.period) AS period FROM footfall_entered AS a "
    "WHERE a.return_at OPERATOR(pg_catalog.>=) a.entered_at GROUP BY a.customer, a.cohort) AS c "
    "GROUP BY 1, 2";

// The same of patterns: each bit from the entry on, or the last one.
constexpr char kOnBits[] =
    "SELECT p.cohort AS cohort, b.period AS period, "
    "pg_catalog.sum(p.customers)::pg_catalog.int8 AS retained FROM footfall_patterns AS p "
    "CROSS JOIN LATERAL pg_catalog.generate_series(p.cohort, "
    "pg_catalog.length(p.pattern) OPERATOR(pg_catalog.-) 1) AS b(period) "
    "WHERE pg_catalog.get_bit(p.pattern, b.period) OPERATOR(pg_catalog.=) 1 GROUP BY 1, 2";
constexpr char kOnOrAfterBits[] =
    "SELECT p.cohort AS cohort, pg_catalog.length(p.pattern) OPERATOR(pg_catalog.-) 1 AS period, "
    "pg_catalog.sum(p.customers)::pg_catalog.int8 AS retained FROM footfall_patterns AS p "
    "WHERE p.pattern IS NOT NULL GROUP BY 1, 2";

const char* filtered(const char* condition) {
    return condition == nullptr ? "" : psprintf(" FILTER (WHERE %s)", condition);
}

const char* within(const char* time, TimestampTz since, TimestampTz until) {
    return psprintf("%s%s",
                    TIMESTAMP_IS_NOBEGIN(since)
                        ? ""
                        : psprintf(" AND %s OPERATOR(pg_catalog.>=) %s", time, timeLiteral(since)),
                    TIMESTAMP_IS_NOEND(until)
                        ? ""
                        : psprintf(" AND %s OPERATOR(pg_catalog.<) %s", time, timeLiteral(until)));
}

// What the log spans.
struct Span {
    bool empty = true;
    bool infinite = false;  // whether there are events at infinity, which are left out
    bool exact = true;
    TimestampTz first = 0;
    TimestampTz last = 0;
    int64 origin = 0;   // position of the first event's period
    int64 periods = 0;  // from there to the last event's
};

class CohortRetention {
  public:
    explicit CohortRetention(const Arguments& arguments)
        : source_(arguments),
          calendar_(Calendar::of(arguments, "period", source_.zone())),
          since_(arguments.time("since", DT_NOBEGIN)),
          until_(arguments.time("until", DT_NOEND)),
          unbounded_(arguments.choice("mode", kModes) == 1),
          first_(condition(arguments, "first_event")),
          back_(condition(arguments, "return_event")),
          filter_(source_.filter()),
          kept_(source_.repeats(conditions(true)) ? nullptr : source_.keepAs("footfall_events")),
          all_(kept_ == nullptr ? readSpan() : Span()),
          span_(narrowSpan()) {}

    char* compose() const {
        const bool patterns = asPatterns();
        const char* starts = "p.starts";
        return psprintf(
            "WITH %sfootfall_horizon AS MATERIALIZED (%s),\n%s,\n"
            "footfall_periods AS MATERIALIZED (SELECT p.number AS number, p.starts AS starts, "
            "p.ends AS ends, %s AS key FROM (%s) AS p),\n"
            "footfall_triangle AS (SELECT c.starts AS cohort, "
            "p.number OPERATOR(pg_catalog.-) c.number AS number, p.starts AS starts, "
            "p.ends AS ends, s.customers AS customers, "
            "COALESCE(%s, 0)::pg_catalog.int8 AS retained\n"
            "FROM footfall_sizes AS s "
            "JOIN footfall_periods AS c ON c.key OPERATOR(pg_catalog.=) s.cohort\n"
            "JOIN footfall_periods AS p ON p.number OPERATOR(pg_catalog.>=) c.number\n"
            "LEFT JOIN footfall_cells AS x ON x.cohort OPERATOR(pg_catalog.=) s.cohort "
            "AND x.period OPERATOR(pg_catalog.=) p.key)\n"
            "SELECT t.cohort, t.number::pg_catalog.int4, t.starts, t.customers, t.retained, "
            "pg_catalog.round(t.retained::pg_catalog.numeric OPERATOR(pg_catalog./) "
            "t.customers::pg_catalog.numeric, 6), t.ends OPERATOR(pg_catalog.<=) h.at\n"
            "FROM footfall_triangle AS t, footfall_horizon AS h ORDER BY 1, 2",
            kept_ == nullptr ? "" : psprintf("footfall_events AS MATERIALIZED (%s),\n", kept_),
            all_.empty ? horizonBeyond(source_, until_) : horizonBeyond(all_.last, until_),
            patterns ? byPattern() : byPeriod(),
            patterns ? calendar_.ordinal(starts, span_.origin) : starts,
            calendar_.periods(
                kept_ != nullptr
                    ? "(SELECT pg_catalog.min(a.entered_at) FROM footfall_entered AS a)"
                : span_.empty ? "NULL::pg_catalog.timestamptz"
                              : timeLiteral(span_.first),
                "(SELECT last FROM footfall_horizon)"),
            unbounded_
                ? "pg_catalog.sum(x.retained) OVER (PARTITION BY s.cohort ORDER BY p.starts DESC)"
                : "x.retained");
    }

  private:
    const char* condition(const Arguments& arguments, const char* argument) const {
        const char* event = arguments.string(argument);
        return event == nullptr ? nullptr : source_.eventIs(argument, event);
    }

    // Asked first, and of the same snapshot: periods are counted from its first. Of all rows, which
    // zone maps answer.
    Span readSpan() const {
        const Span span = readSpan("true");
        if (!span.infinite) {
            return span;
        }
        Span finite = readSpan(source_.during(DT_NOBEGIN, DT_NOEND));
        finite.infinite = true;
        return finite;
    }
    // One row that does not count may lie years away from those that do.
    Span narrowSpan() const {
        if (all_.empty || all_.periods <= kMostPatternPeriods) {
            return all_;
        }
        Span span = readSpan(conditions(all_.infinite));
        span.infinite = all_.infinite;
        return span;
    }
    Span readSpan(const char* conditions) const {
        Span span = readSpan(conditions, false);
        return span.exact ? span : readSpan(conditions, true);
    }
    // Where clocks are put forward, the first time by the calendar may not be the first moment:
    // when they were changed within a day, the zone is asked for every row.
    Span readSpan(const char* conditions, bool everyRow) const {
        const char* exact = "true";
        const char* first = source_.timeOf("min");
        const char* last = source_.timeOf("max");
        if (everyRow) {
            first = psprintf("pg_catalog.min(%s)", source_.time());
            last = psprintf("pg_catalog.max(%s)", source_.time());
        } else if (!source_.hasMoments()) {
            exact = psprintf("(%s AND %s)", sameClock("min", "+"), sameClock("max", "-"));
        }
        QueryRows rows(
            psprintf("SELECT e.first, e.last, "
                     "CASE WHEN e.finite THEN %s END::pg_catalog.int8, "
                     "CASE WHEN e.finite THEN %s END::pg_catalog.int8, e.exact\n"
                     "FROM (SELECT e.first, e.last, e.exact, pg_catalog.isfinite(e.first) "
                     "AND pg_catalog.isfinite(e.last) AS finite\n"
                     "FROM (SELECT %s AS first, %s AS last, %s AS exact FROM %s\nWHERE %s) AS e) "
                     "AS e WHERE e.first IS NOT NULL",
                     calendar_.position(calendar_.start("e.first")),
                     calendar_.position(calendar_.start("e.last")), first, last, exact,
                     source_.from(), conditions),
            {TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, INT8OID, BOOLOID});
        Span span;
        if (rows.next()) {
            span.empty = false;
            span.first = rows.bigint(0);
            span.last = rows.bigint(1);
            span.infinite = rows.isNull(2);
            span.exact = rows.flag(4);
            if (!span.infinite) {
                span.origin = calendar_.positionOfPeriod(rows.bigint(2));
                span.periods = calendar_.periodsBetween(span.origin, rows.bigint(3)) + 1;
            }
        }
        rows.end();
        return span;
    }
    // Whether the zone's clocks run through the day after the first time, or before the last one.
    const char* sameClock(const char* aggregate, const char* sign) const {
        const char* time = psprintf("pg_catalog.%s(%s)::pg_catalog.timestamp", aggregate,
                                    source_.column(Role::Time));
        const char* zone = source_.zone();
        return psprintf(
            "pg_catalog.timezone(%s, %s OPERATOR(pg_catalog.%s) '1 day'::pg_catalog.interval) "
            "OPERATOR(pg_catalog.=) (pg_catalog.timezone(%s, %s) OPERATOR(pg_catalog.%s) "
            "'24 hours'::pg_catalog.interval)",
            zone, time, sign, zone, time, sign);
    }

    bool sameEvent() const {
        return first_ == nullptr ? back_ == nullptr
                                 : back_ != nullptr && strcmp(first_, back_) == 0;
    }
    bool asPatterns() const {
        const bool ordered = sameEvent() || first_ == nullptr || back_ == nullptr;
        return ordered && !span_.empty && span_.periods <= kMostPatternPeriods;
    }
    // Of the rows that count; with both events named, only rows of the two.
    const char* conditions(bool onlyFinite) const {
        return psprintf(
            "%s%s%s%s", source_.hasCustomer(),
            onlyFinite ? psprintf(" AND %s", source_.during(DT_NOBEGIN, DT_NOEND)) : "",
            first_ == nullptr || back_ == nullptr ? "" : psprintf(" AND (%s OR %s)", first_, back_),
            filter_);
    }
    const char* rows() const {
        return psprintf("FROM %s\nWHERE %s", source_.from(),
                        conditions(span_.empty || span_.infinite || !source_.hasMoments()));
    }

    // A customer's entry and returns are in the bits, where all rows are both.
    const char* byPattern() const {
        const char* period = calendar_.ordinal(calendar_.start(source_.time()), span_.origin);
        const bool same = sameEvent();
        const char* entry = same ? "" : filtered(first_);
        const char* entered = psprintf("pg_catalog.min(%s)%s", source_.time(), entry);
        const bool dated = !TIMESTAMP_IS_NOBEGIN(since_) || !TIMESTAMP_IS_NOEND(until_);
        const char* having = "";
        if (!same && first_ != nullptr) {
            having = psprintf(" HAVING pg_catalog.min(%s)%s IS NOT NULL%s", period, entry,
                              within(entered, since_, until_));
        } else if (dated) {
            having = psprintf(" HAVING true%s", within(entered, since_, until_));
        }
        // Bits before the entry are cut off by the cells.
        return psprintf(
            "footfall_patterns AS MATERIALIZED (SELECT %s AS cohort, g.pattern AS pattern, "
            "g.customers AS customers FROM (SELECT %sc.pattern AS pattern, pg_catalog.count(*) AS "
            "customers\nFROM (SELECT %s AS customer, %sfootfall.active_periods(%s)%s AS pattern\n"
            "%s GROUP BY %s%s) AS c GROUP BY %sc.pattern) AS g),\n"
            "footfall_sizes AS (SELECT p.cohort AS cohort, "
            "pg_catalog.sum(p.customers)::pg_catalog.int8 AS customers "
            "FROM footfall_patterns AS p GROUP BY 1),\nfootfall_cells AS (%s)",
            same ? "(pg_catalog.\"position\"(g.pattern, B'1'::pg_catalog.varbit) "
                   "OPERATOR(pg_catalog.-) 1)"
                 : "g.cohort",
            same ? "" : "c.cohort AS cohort, ", source_.column(Role::Customer),
            same ? "" : psprintf("pg_catalog.min(%s)%s AS cohort, ", period, entry), period,
            same ? "" : filtered(back_), rows(), source_.column(Role::Customer), having,
            same ? "" : "c.cohort, ", unbounded_ ? kOnOrAfterBits : kOnBits);
    }

    // A row a customer and period.
    const char* byPeriod() const {
        return psprintf(
            "footfall_entered AS MATERIALIZED (SELECT * FROM (SELECT a.customer AS customer, "
            "a.period AS period, a.return_at AS return_at,\n"
            "pg_catalog.min(a.first_at) OVER footfall_customer AS entered_at,\n"
            "pg_catalog.min(a.period) FILTER (WHERE a.first_at IS NOT NULL) OVER footfall_customer "
            "AS cohort\nFROM (SELECT %s AS customer, %s AS period, pg_catalog.min(%s)%s AS "
            "first_at, pg_catalog.max(%s)%s AS return_at\n%s GROUP BY 1, 2) AS a\n"
            "WINDOW footfall_customer AS (PARTITION BY a.customer)) AS a "
            "WHERE a.entered_at IS NOT NULL%s),\n"
            "footfall_sizes AS (SELECT a.cohort AS cohort, pg_catalog.count(*) AS customers "
            "FROM footfall_entered AS a WHERE a.period OPERATOR(pg_catalog.=) a.cohort "
            "GROUP BY 1),\nfootfall_cells AS (%s)",
            source_.column(Role::Customer), calendar_.start(source_.time()), source_.time(),
            filtered(first_), source_.time(), filtered(back_), rows(),
            within("a.entered_at", since_, until_), unbounded_ ? kOnOrAfter : kOn);
    }

    EventSource source_;
    const Calendar calendar_;
    const TimestampTz since_;
    const TimestampTz until_;
    const bool unbounded_;
    const char* first_;  // condition of the entry; nullptr: every event
    const char* back_;   // of a return
    const char* filter_;
    const char* kept_;  // the query of footfall_events; nullptr: the source repeats itself
    const Span all_;    // of all rows
    const Span span_;   // of those that count, at least
};

// The condition of an event's name; without one every event is meant.
const char* anyOr(const EventSource& source, const Arguments& arguments, const char* argument) {
    const char* event = arguments.string(argument);
    return event == nullptr ? "true" : source.eventIs(argument, event);
}

char* composeCohortRetention(const Arguments& arguments) {
    const int mode = arguments.choice("mode", kModes);
    if (mode < kRolling) {
        return CohortRetention(arguments).compose();
    }
    const EventSource source(arguments);
    RollingRetention question = {};
    question.entry = anyOr(source, arguments, "first_event");
    question.back = anyOr(source, arguments, "return_event");
    question.rows = psprintf("FROM %s\nWHERE %s AND %s AND (%s OR %s)%s", source.from(),
                             source.hasCustomer(), source.during(DT_NOBEGIN, DT_NOEND),
                             question.entry, question.back, source.filter());
    question.entrants = within("s.entered_at", arguments.time("since", DT_NOBEGIN),
                               arguments.time("until", DT_NOEND));
    question.unbounded = mode > kRolling;
    return composeRollingRetention(arguments, source, question);
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_cohort_retention);

PGDLLEXPORT Datum footfall_cohort_retention(PG_FUNCTION_ARGS) {
    return footfall::reports::runReport(fcinfo, footfall::reports::composeCohortRetention);
}
}
