// footfall.campaign_attribution: which campaigns brought the conversions of a time about.
//
// first, last, linear, position and time_decay share each conversion among the touches in the
// look-back before it; that is the aggregate footfall.attribution, customer by customer.
//
// markov and shapley look at journeys. A touch belongs to the next conversion of its customer, when
// that follows within the look-back; otherwise it belongs to a journey that led to nothing. So
// every touch counts once, every journey with an outcome of its own.
//   markov   in proportion to what the removal of the campaign would cost (channel_graph.h)
//   shapley  a conversion in equal parts to the different campaigns of its journey: these are the
//            Shapley values of the game in which a set of campaigns is worth the conversions that
//            needed no other
// A conversion without a touch goes to no campaign, so that the credits add up to the conversions.
#include "engine/statistics/channel_graph.h"
#include "extension/pg/guard.h"
#include "extension/reports/event_source.h"
#include "extension/reports/query_rows.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <unordered_map>

namespace footfall::reports {

namespace {

constexpr int64 kDefaultLookBack = 30 * USECS_PER_DAY;
constexpr int64 kDefaultHalfLife = 7 * USECS_PER_DAY;

constexpr const char* kModels[] = {"last",       "first",  "linear",  "position",
                                   "time_decay", "markov", "shapley", nullptr};
constexpr int kMarkov = 5;
constexpr int kShapley = 6;

// The pieces that all models are made of.
struct Touches {
    explicit Touches(const Arguments& arguments, const EventSource& source)
        : since(arguments.time("since", DT_NOBEGIN)),
          until(arguments.time("until", DT_NOEND)),
          lookBack(kDefaultLookBack),
          campaign(nullptr),
          conversion(nullptr) {
        const Interval* given = arguments.interval("look_back");
        lookBack = given == nullptr ? lookBack : durationOf("look_back", *given, 0);
        const char* expression = arguments.string("campaign");
        campaign = expression != nullptr
                       ? source.expressionAsText("campaign", expression)
                       : psprintf("%s::pg_catalog.text", source.column(Role::Campaign));
        const char* condition = arguments.string("conversion");
        conversion = condition != nullptr ? source.condition("conversion", condition)
                                          : source.eventIsCalled("purchase");
        TimestampTz from = since;
        if (!TIMESTAMP_NOT_FINITE(since)) {
            from = since - MIN_TIMESTAMP < lookBack ? DT_NOBEGIN : since - lookBack;
        }
        rows = psprintf("FROM %s WHERE %s AND %s%s", source.from(), source.hasCustomer(),
                        source.during(from, until), source.filter());
    }

    TimestampTz since;
    TimestampTz until;
    int64 lookBack;
    const char* campaign;    // an expression, text
    const char* conversion;  // a condition
    const char* rows;        // FROM and WHERE
};

// (campaign, credit)
const char* composeShares(const Arguments& arguments, const EventSource& source,
                          const Touches& touches, const char* model) {
    const Interval* given = arguments.interval("half_life");
    const int64 halfLife = given == nullptr ? kDefaultHalfLife : durationOf("half_life", *given, 1);
    return psprintf(
        "SELECT (c).channel, pg_catalog.sum((c).credit)\n"
        "FROM (SELECT pg_catalog.unnest(footfall.attribution(%s, %s, %s AND %s, %s, %s, %s)) AS c\n"
        "%s GROUP BY %s) s GROUP BY 1",
        source.time(), touches.campaign, touches.conversion,
        source.compareTime(TIMESTAMP_NOT_FINITE(touches.since) ? ">" : ">=", touches.since),
        quote_literal_cstr(model), durationLiteral(touches.lookBack), durationLiteral(halfLife),
        touches.rows, source.column(Role::Customer));
}

// WITH clauses that end in footfall_touches: (customer, at, campaign, next_at, converted_at), the
// time of the conversion being NULL in a journey that led to nothing, next_at that of the next
// conversion however late, and footfall_conversions, their number. Both are those of the report's
// dates.
const char* composeJourneys(const EventSource& source, const Touches& touches) {
    const char* since = TIMESTAMP_NOT_FINITE(touches.since) ? "'-infinity'::pg_catalog.timestamptz"
                                                            : timeLiteral(touches.since);
    return psprintf(
        "WITH footfall_rows AS (SELECT %s AS customer, %s AS at, %s COLLATE pg_catalog.\"C\" AS "
        "campaign, (%s) IS TRUE AS converted\n%s),\n"
        // A row that is both touches first.
        "footfall_steps AS (SELECT customer, at, campaign, step FROM footfall_rows, LATERAL "
        "(VALUES (0), (1)) k(step)\n"
        "WHERE (step OPERATOR(pg_catalog.=) 0 AND campaign IS NOT NULL) OR (step "
        "OPERATOR(pg_catalog.=) 1 AND converted)),\n"
        "footfall_next AS (SELECT customer, at, campaign, step, pg_catalog.min(at) FILTER (WHERE "
        "step OPERATOR(pg_catalog.=) 1) OVER (PARTITION BY customer ORDER BY at DESC, step DESC "
        "ROWS UNBOUNDED PRECEDING) AS next_at FROM footfall_steps),\n"
        "footfall_conversions AS (SELECT pg_catalog.count(*) AS conversions FROM footfall_next "
        "WHERE step OPERATOR(pg_catalog.=) 1 AND at OPERATOR(pg_catalog.>=) %s),\n"
        "footfall_touches AS (SELECT customer, at, campaign, next_at, CASE WHEN (next_at "
        "OPERATOR(pg_catalog.-) at) OPERATOR(pg_catalog.<=) %s THEN next_at END AS converted_at\n"
        "FROM footfall_next WHERE step OPERATOR(pg_catalog.=) 0 AND CASE WHEN (next_at "
        "OPERATOR(pg_catalog.-) at) OPERATOR(pg_catalog.<=) %s THEN next_at ELSE at END "
        "OPERATOR(pg_catalog.>=) %s)\n",
        source.column(Role::Customer), source.time(), touches.campaign, touches.conversion,
        touches.rows, since, durationLiteral(touches.lookBack), durationLiteral(touches.lookBack),
        since);
}

// (campaign, credit)
const char* composeShapley(const EventSource& source, const Touches& touches) {
    return psprintf(
        "%s, footfall_parts AS (SELECT campaign, 1::pg_catalog.float8 OPERATOR(pg_catalog./) "
        "pg_catalog.count(*) OVER (PARTITION BY customer, converted_at) AS credit\n"
        "FROM footfall_touches WHERE converted_at IS NOT NULL GROUP BY customer, converted_at, "
        "campaign),\n"
        "footfall_journeys AS (SELECT pg_catalog.count(*) AS journeys FROM (SELECT customer FROM "
        "footfall_touches WHERE converted_at IS NOT NULL GROUP BY customer, converted_at) j)\n"
        "SELECT campaign::pg_catalog.text, pg_catalog.sum(credit) FROM footfall_parts GROUP BY "
        "campaign\n"
        "UNION ALL SELECT NULL, (conversions OPERATOR(pg_catalog.-) "
        "journeys)::pg_catalog.float8 FROM footfall_conversions, footfall_journeys WHERE "
        "conversions OPERATOR(pg_catalog.>) journeys",
        composeJourneys(source, touches));
}

// What a transition leads to.
enum class Target { Campaign = 0, Conversion = 1, Nothing = 2 };
// The number of conversions, in place of a transition.
constexpr int64 kConversionsRow = 3;

// (from, to, target, count): from NULL is the start.
const char* composeTransitions(const EventSource& source, const Touches& touches) {
    constexpr const char* kJourney =
        "(PARTITION BY customer, next_at, converted_at ORDER BY at, campaign)";
    return psprintf(
        "%s, footfall_links AS (SELECT campaign, pg_catalog.lag(campaign) OVER %s AS previous, "
        "pg_catalog.lead(campaign) OVER %s AS following, converted_at FROM footfall_touches)\n"
        "SELECT previous::pg_catalog.text, campaign::pg_catalog.text, 0::pg_catalog.int8, "
        "pg_catalog.count(*) FROM footfall_links GROUP BY previous, campaign\n"
        "UNION ALL SELECT campaign::pg_catalog.text, NULL, CASE WHEN converted_at IS NULL THEN "
        "2::pg_catalog.int8 ELSE 1::pg_catalog.int8 END, pg_catalog.count(*) FROM footfall_links "
        "WHERE following IS NULL GROUP BY 1, 3\n"
        "UNION ALL SELECT NULL, NULL, 3::pg_catalog.int8, conversions FROM footfall_conversions",
        composeJourneys(source, touches), kJourney, kJourney);
}

struct Transition {
    char* from;
    char* to;
    Target target;
    int64 count;
};

struct Credit {
    char* campaign;  // nullptr: none
    double credit;
};

bool more(const Credit& a, const Credit& b) {
    if ((a.campaign == nullptr) != (b.campaign == nullptr)) {
        return b.campaign == nullptr;
    }
    if (a.credit != b.credit) {
        return a.credit > b.credit;
    }
    return a.campaign != nullptr && strcmp(a.campaign, b.campaign) < 0;
}

// The largest first, what belongs to no campaign last.
void putCredits(Credit* credits, size_t count, ReturnSetInfo* result) {
    double all = 0;
    std::sort(credits, credits + count, more);
    for (size_t i = 0; i < count; i++) {
        all += credits[i].credit;
    }
    for (size_t i = 0; i < count; i++) {
        const bool none = credits[i].campaign == nullptr;
        Datum values[3] = {none ? Datum{0} : CStringGetTextDatum(credits[i].campaign),
                           Float8GetDatum(credits[i].credit),
                           Float8GetDatum(credits[i].credit / all)};
        bool nulls[3] = {none, false, !(all > 0)};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
}

void putShares(const char* query, ReturnSetInfo* result) {
    QueryRows rows(query, {TEXTOID, FLOAT8OID});
    auto* credits = static_cast<Credit*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Credit) * Max(rows.count(), int64{1})));
    size_t count = 0;
    while (rows.next()) {
        credits[count++] = {rows.string(0), rows.real(1)};
    }
    rows.end();
    putCredits(credits, count, result);
}

// Gives each campaign its share of the conversions; `credits` has room for two per transition. How
// many there are is returned.
size_t weighRemovals(const Transition* transitions, size_t transitionCount, int64 conversions,
                     Credit* credits) {
    std::unordered_map<std::string, uint32_t> numbers;
    const auto numberOf = [&](char* name) {
        const auto [place, fresh] = numbers.emplace(name, static_cast<uint32_t>(numbers.size()));
        if (fresh) {
            credits[place->second] = {name, 0};
        }
        return place->second;
    };
    for (size_t i = 0; i < transitionCount; i++) {
        if (transitions[i].target == Target::Campaign) {
            (void)numberOf(transitions[i].to);
        }
    }
    statistics::ChannelGraph graph(numbers.size());
    int64 journeys = 0;
    for (size_t i = 0; i < transitionCount; i++) {
        const Transition& transition = transitions[i];
        uint32_t to = statistics::ChannelGraph::kNothing;
        if (transition.target == Target::Campaign) {
            to = numberOf(transition.to);
        } else if (transition.target == Target::Conversion) {
            to = statistics::ChannelGraph::kConversion;
            journeys += transition.count;
        }
        graph.add(transition.from == nullptr ? statistics::ChannelGraph::kStart
                                             : numberOf(transition.from),
                  to, static_cast<double>(transition.count));
    }
    const std::vector<double> effects = graph.removalEffects(&pollInterrupts);
    double all = 0;
    for (const double effect : effects) {
        all += effect;
    }
    size_t count = effects.size();
    for (size_t i = 0; i < count && all > 0; i++) {
        credits[i].credit = effects[i] / all * static_cast<double>(journeys);
    }
    if (conversions > journeys) {
        credits[count++] = {nullptr, static_cast<double>(conversions - journeys)};
    }
    return count;
}

void putRemovals(const char* query, ReturnSetInfo* result) {
    QueryRows rows(query, {TEXTOID, TEXTOID, INT8OID, INT8OID});
    auto* transitions = static_cast<Transition*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Transition) * rows.count()));
    auto* credits = static_cast<Credit*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Credit) * (rows.count() + 1)));
    size_t count = 0;
    int64 conversions = 0;
    while (rows.next()) {
        if (rows.bigint(2) == kConversionsRow) {
            conversions = rows.bigint(3);
        } else {
            transitions[count++] = {rows.string(0), rows.string(1),
                                    static_cast<Target>(rows.bigint(2)), rows.bigint(3)};
        }
    }
    rows.end();
    size_t campaigns = 0;
    pg::enterEngine([&] { campaigns = weighRemovals(transitions, count, conversions, credits); });
    putCredits(credits, campaigns, result);
}

void compute(const Arguments& arguments, ReturnSetInfo* result) {
    const EventSource source(arguments);
    const int model = arguments.choice("model", kModels);
    const Touches touches(arguments, source);
    if (model == kMarkov) {
        putRemovals(composeTransitions(source, touches), result);
    } else if (model == kShapley) {
        putShares(composeShapley(source, touches), result);
    } else {
        putShares(composeShares(arguments, source, touches, kModels[model]), result);
    }
}

}  // namespace

}  // namespace footfall::reports

extern "C" {
PG_FUNCTION_INFO_V1(footfall_campaign_attribution);

PGDLLEXPORT Datum footfall_campaign_attribution(PG_FUNCTION_ARGS) {
    return footfall::reports::runComputedReport(fcinfo, footfall::reports::compute);
}
}
