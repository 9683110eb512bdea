// See churn_features.h.
#include "extension/reports/churn_features.h"

#include <cstring>

#include "extension/reports/purchase.h"

namespace footfall::reports {

namespace {

constexpr int64 kRecentOfAllHistory = 30 * USECS_PER_DAY;

// Events by their usual names, as the elements of an array.
constexpr char kViews[] = "view,product_view,page_view,view_item";
constexpr char kSearches[] = "search";
constexpr char kCarts[] = "cart,add_to_cart";
constexpr char kCartRemovals[] = "remove_from_cart";
constexpr char kCheckouts[] = "checkout,begin_checkout";
constexpr char kReturns[] = "return,return_requested,refund";

// What a feature's expressions stand for.
enum class Form {
    Count,  // a count of something
    Real,
    Days,   // how long before the cutoff a time was
    Share,  // one number divided by another, NULL when that is 0
    Gaps,   // how long before the cutoff a time was, in days, divided by a number likewise
    Text,
};

// In a feature's expression: what monetary() and firstAt() give.
constexpr char kMonetary[] = "monetary";
constexpr char kFirstAt[] = "first_at";

struct Feature {
    const char* name;
    Form form;
    // Over the queries c (per customer), h (history), s (sessions), g (purchase gaps), d (device)
    // and n (country).
    const char* expression;
    const char* divisor;  // Share, Gaps
};

// In the order in which the functions return them.
constexpr Feature kFeatures[] = {
    {"recency_days", Form::Days, "c.last_at", nullptr},
    {"frequency", Form::Count, "c.frequency", nullptr},
    {"monetary", Form::Real, kMonetary, nullptr},
    {"average_basket", Form::Share, kMonetary, "c.frequency"},
    {"purchase_recency_days", Form::Days, "c.bought_at", nullptr},
    {"purchase_gap_days", Form::Real, "g.mean", nullptr},
    {"purchase_gap_deviation", Form::Real, "g.deviation", nullptr},
    {"tenure_days", Form::Days, kFirstAt, nullptr},
    {"active_days", Form::Count, "c.active_days", nullptr},
    {"events", Form::Count, "c.events", nullptr},
    {"views", Form::Count, "c.views", nullptr},
    {"searches", Form::Count, "c.searches", nullptr},
    {"carts", Form::Count, "c.carts", nullptr},
    {"cart_removals", Form::Count, "c.cart_removals", nullptr},
    {"checkouts", Form::Count, "c.checkouts", nullptr},
    {"purchases", Form::Count, "c.purchases", nullptr},
    {"returns", Form::Count, "c.returns", nullptr},
    {"sessions", Form::Count, "COALESCE(s.sessions, 0)", nullptr},
    {"sessions_7_days", Form::Count, "COALESCE(s.sessions_7, 0)", nullptr},
    {"sessions_14_days", Form::Count, "COALESCE(s.sessions_14, 0)", nullptr},
    {"sessions_30_days", Form::Count, "COALESCE(s.sessions_30, 0)", nullptr},
    {"session_gap_days", Form::Real, "s.gap", nullptr},
    {"session_overdue", Form::Gaps, "s.last_at", "s.gap"},
    {"events_per_session", Form::Share, "s.events", "s.sessions"},
    {"last_session_events", Form::Count, "s.last_events", nullptr},
    {"trend", Form::Share, "(c.recent OPERATOR(pg_catalog.-) c.earlier)",
     "(c.recent OPERATOR(pg_catalog.+) c.earlier)"},
    {"products", Form::Count, "c.products", nullptr},
    {"categories", Form::Count, "c.categories", nullptr},
    {"campaign_share", Form::Share, "c.campaigns", "c.events"},
    {"device", Form::Text, "d.value", nullptr},
    {"country", Form::Text, "n.value", nullptr},
};

const char* typeOf(Form form) {
    switch (form) {
        case Form::Count:
            return "pg_catalog.int8";
        case Form::Text:
            return "pg_catalog.text";
        case Form::Real:
        case Form::Days:
        case Form::Share:
        case Form::Gaps:
            break;
    }
    return "pg_catalog.float8";
}

const char* valueOf(const Feature& feature, const char* expression, const char* cutoff) {
    switch (feature.form) {
        case Form::Days:
            return psprintf(
                "pg_catalog.date_part('epoch', %s OPERATOR(pg_catalog.-) %s) "
                "OPERATOR(pg_catalog./) 86400::pg_catalog.float8",
                cutoff, expression);
        case Form::Share:
            return psprintf(
                "CASE WHEN %s OPERATOR(pg_catalog.>) 0::pg_catalog.int8 THEN "
                "(%s)::pg_catalog.float8 OPERATOR(pg_catalog./) "
                "%s::pg_catalog.float8 END",
                feature.divisor, expression, feature.divisor);
        case Form::Gaps:
            return psprintf(
                "CASE WHEN %s OPERATOR(pg_catalog.>) 0::pg_catalog.float8 THEN "
                "pg_catalog.date_part('epoch', %s OPERATOR(pg_catalog.-) %s) "
                "OPERATOR(pg_catalog./) 86400::pg_catalog.float8 OPERATOR(pg_catalog./) %s END",
                feature.divisor, cutoff, expression, feature.divisor);
        case Form::Count:
        case Form::Real:
        case Form::Text:
            break;
    }
    return expression;
}

// A time that is `length` before another, or no bound when there is none.
TimestampTz before(TimestampTz time, int64 length) {
    TimestampTz result = DT_NOBEGIN;
    if (length == 0 || __builtin_sub_overflow(time, length, &result) || result < MIN_TIMESTAMP) {
        return DT_NOBEGIN;
    }
    return result;
}

// How many sessions ended in the last days.
const char* sessionsSince(TimestampTz cutoff, int days) {
    return psprintf(
        "pg_catalog.count(*) FILTER (WHERE x.ended_at OPERATOR(pg_catalog.>=) %s) AS sessions_%d",
        timeLiteral(before(cutoff, days * USECS_PER_DAY)), days);
}

}  // namespace

FeatureWindow::FeatureWindow(const Arguments& arguments, const EventSource& source)
    : source_(&source), filter_(source.filter()), length_(0) {
    const Interval* window = arguments.interval("feature_window");
    length_ = window == nullptr ? 0 : durationOf("feature_window", *window, 1);
}

const char* FeatureWindow::between(TimestampTz since, TimestampTz until) const {
    return psprintf("%s AND %s%s", source_->during(since, until), source_->hasCustomer(), filter_);
}

const char* FeatureWindow::events(TimestampTz cutoff) const {
    return between(before(cutoff, length_), cutoff);
}

const char* FeatureWindow::history(TimestampTz cutoff) const {
    return between(DT_NOBEGIN, cutoff);
}

char* FeatureWindow::customers(TimestampTz cutoff) const {
    return psprintf("SELECT %s AS customer\nFROM %s\nWHERE %s GROUP BY 1",
                    source_->column(Role::Customer), source_->from(), events(cutoff));
}

ChurnFeatures::ChurnFeatures(const Arguments& arguments, const EventSource& source,
                             const FeatureWindow& window)
    : source_(&source),
      window_(&window),
      wanted_(arguments.strings("features")),
      purchase_(purchaseCondition(arguments, source)),
      zoneGiven_(!arguments.isNull("time_zone")),
      recent_(0),
      sessionGap_(durationOf("session_gap", *arguments.requiredInterval("session_gap"), 0)) {
    checkWanted();
    readRecentWindow(arguments);
}

void ChurnFeatures::checkWanted() const {
    StringInfoData known;
    initStringInfo(&known);
    for (const Feature& feature : kFeatures) {
        appendStringInfo(&known, "%s%s", known.len == 0 ? "" : ", ", feature.name);
    }
    ListCell* cell;
    foreach (cell, wanted_) {
        const auto* wanted = static_cast<char*>(lfirst(cell));
        if (std::none_of(std::begin(kFeatures), std::end(kFeatures), [&](const Feature& feature) {
                return strcmp(feature.name, wanted) == 0;
            })) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                            errmsg("there is no feature \"%s\"", wanted),
                            errhint("There are %s.", known.data)));
        }
    }
}

bool ChurnFeatures::wants(const char* feature) const {
    ListCell* cell;
    foreach (cell, wanted_) {
        if (strcmp(static_cast<char*>(lfirst(cell)), feature) == 0) {
            return true;
        }
    }
    return wanted_ == NIL;
}

bool ChurnFeatures::wantsSessions() const {
    constexpr const char* kOfSessions[] = {
        "sessions",         "sessions_7_days", "sessions_14_days",   "sessions_30_days",
        "session_gap_days", "session_overdue", "events_per_session", "last_session_events"};
    return std::any_of(std::begin(kOfSessions), std::end(kOfSessions),
                       [this](const char* feature) { return wants(feature); });
}

// The trend compares two spans of this length, so both must lie in the window.
void ChurnFeatures::readRecentWindow(const Arguments& arguments) {
    const Interval* recent = arguments.interval("recent_window");
    const int64 window = window_->length();
    recent_ = recent != nullptr ? durationOf("recent_window", *recent, 1)
              : window == 0     ? kRecentOfAllHistory
                                : std::max<int64>(window / 2, 1);
    if (recent != nullptr && window != 0 && recent_ > window / 2) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("recent_window must be at most half of feature_window"),
                        errdetail("The trend compares it with the span of the same length before "
                                  "it.")));
    }
}

char* ChurnFeatures::columns(const char* alias) {
    StringInfoData list;
    initStringInfo(&list);
    for (const Feature& feature : kFeatures) {
        appendStringInfo(&list, ", %s.%s", alias, feature.name);
    }
    return list.data;
}

char* ChurnFeatures::query(TimestampTz cutoff) const {
    StringInfoData query;
    initStringInfo(&query);
    appendStringInfoString(&query, "SELECT c.customer AS customer");
    const char* time = timeLiteral(cutoff);
    for (const Feature& feature : kFeatures) {
        appendStringInfo(
            &query, ",\n(%s)::%s%s AS %s",
            wants(feature.name) ? valueOf(feature, expressionOf(feature.expression), time) : "NULL",
            typeOf(feature.form),
            feature.form == Form::Text ? " COLLATE pg_catalog.\"default\"" : "", feature.name);
    }
    appendStringInfo(&query, "\nFROM (%s) AS c%s", perCustomer(cutoff), joins(cutoff));
    return query.data;
}

const char* ChurnFeatures::expressionOf(const char* expression) const {
    return expression == kMonetary ? monetary() : expression == kFirstAt ? firstAt() : expression;
}

const char* ChurnFeatures::perCustomer(TimestampTz cutoff) const {
    const char* time = source_->time();
    const TimestampTz recent = before(cutoff, recent_);
    const TimestampTz earlier = TIMESTAMP_IS_NOBEGIN(recent) ? DT_NOBEGIN : before(recent, recent_);
    const char* frequency = source_->has(Role::Order)
                                ? psprintf("pg_catalog.count(DISTINCT %s) FILTER (WHERE %s)",
                                           source_->column(Role::Order), purchase_)
                                : countOf(purchase_);
    const char* campaigns = source_->has(Role::Campaign)
                                ? psprintf("pg_catalog.count(%s)", source_->column(Role::Campaign))
                                : "NULL::pg_catalog.int8";
    return psprintf(
        "SELECT %s AS customer, %s AS first_at, %s AS last_at, pg_catalog.count(*) AS events,\n"
        "pg_catalog.max(%s) FILTER (WHERE %s) AS bought_at, %s AS frequency, %s AS amount, "
        "%s AS purchases,\npg_catalog.count(DISTINCT %s) AS active_days, %s AS recent, "
        "%s AS earlier,\n%s AS views, %s AS searches, %s AS carts, %s AS cart_removals, "
        "%s AS checkouts, %s AS returns,\n%s AS products, %s AS categories, %s AS campaigns\n"
        "FROM %s\nWHERE %s GROUP BY 1",
        source_->column(Role::Customer), source_->timeOf("min"), source_->timeOf("max"), time,
        purchase_, frequency, amountPerCustomer(), countOf(purchase_), dayOf(time),
        countOf(source_->compareTime(">=", recent)),
        countOf(psprintf("%s AND %s", source_->compareTime(">=", earlier),
                         source_->compareTime("<", recent))),
        countOfUsual(kViews), countOfUsual(kSearches), countOfUsual(kCarts),
        countOfUsual(kCartRemovals), countOfUsual(kCheckouts), countOfUsual(kReturns),
        countDistinct(Role::Product), countDistinct(Role::Category), campaigns, source_->from(),
        window_->events(cutoff));
}

// The date in time_zone. Without one it is the session's own, also when the query is planned now
// and runs later.
const char* ChurnFeatures::dayOf(const char* time) const {
    return zoneGiven_
               ? psprintf("pg_catalog.timezone(%s, %s)::pg_catalog.date", source_->zone(), time)
               : psprintf("(%s)::pg_catalog.date", time);
}

bool ChurnFeatures::amountIsNumeric() const {
    switch (source_->amountType()) {
        case InvalidOid:
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case FLOAT4OID:
        case FLOAT8OID:
            return false;
        default:
            return true;
    }
}

// What FootfallAggregate can add up; integers exactly.
const char* ChurnFeatures::amountPerCustomer() const {
    const Oid type = source_->amountType();
    return type == InvalidOid || amountIsNumeric()
               ? "NULL::pg_catalog.float8"
               : psprintf("COALESCE(pg_catalog.sum(%s%s) FILTER (WHERE %s), 0)", source_->amount(),
                          type == FLOAT4OID ? "::pg_catalog.float8" : "", purchase_);
}

// The sum of an amount must not show in which order rows came: numerics are added exactly, over
// purchases alone, which are few; a floating sum is rounded.
const char* ChurnFeatures::monetary() const {
    if (amountIsNumeric()) {
        return "COALESCE(m.amount::pg_catalog.float8, 0::pg_catalog.float8)";
    }
    const Oid type = source_->amountType();
    return type == FLOAT4OID || type == FLOAT8OID
               ? "CASE WHEN c.amount OPERATOR(pg_catalog.>) '-1e9'::pg_catalog.float8 "
                 "AND c.amount OPERATOR(pg_catalog.<) 1e9::pg_catalog.float8 "
                 "THEN pg_catalog.round(c.amount OPERATOR(pg_catalog.*) 1e6::pg_catalog.float8) "
                 "OPERATOR(pg_catalog./) 1e6::pg_catalog.float8 ELSE c.amount END"
               : "c.amount::pg_catalog.float8";
}

const char* ChurnFeatures::exactAmounts(TimestampTz cutoff) const {
    return psprintf(
        "SELECT %s AS customer, pg_catalog.sum(%s::pg_catalog.numeric) AS amount\n"
        "FROM %s\nWHERE %s AND (%s) GROUP BY 1",
        source_->column(Role::Customer), source_->amount(), source_->from(),
        window_->events(cutoff), purchase_);
}

const char* ChurnFeatures::countOf(const char* condition) const {
    return psprintf("pg_catalog.count(*) FILTER (WHERE %s)", condition);
}

const char* ChurnFeatures::countDistinct(Role role) const {
    return source_->has(role) ? psprintf("pg_catalog.count(DISTINCT %s)", source_->column(role))
                              : "NULL::pg_catalog.int8";
}

// Where events are numbers there are no usual names.
const char* ChurnFeatures::countOfUsual(const char* names) const {
    const char* condition = source_->eventIsUsually(names);
    return condition == nullptr ? "NULL::pg_catalog.int8" : countOf(condition);
}

const char* ChurnFeatures::joins(TimestampTz cutoff) const {
    StringInfoData joins;
    initStringInfo(&joins);
    const struct {
        const char* alias;
        const char* query;
    } parts[] = {
        {"m", (wants("monetary") || wants("average_basket")) && amountIsNumeric()
                  ? exactAmounts(cutoff)
                  : nullptr},
        {"h", wants("tenure_days") && !windowIsHistory() ? firstEvents(cutoff) : nullptr},
        {"s", wantsSessions() ? lastSessions(cutoff) : nullptr},
        {"g", wants("purchase_gap_days") || wants("purchase_gap_deviation") ? purchaseGaps(cutoff)
                                                                            : nullptr},
        {"d", wants("device") ? mostFrequent(Role::Device, cutoff) : nullptr},
        {"n", wants("country") ? mostFrequent(Role::Country, cutoff) : nullptr},
    };
    for (const auto& part : parts) {
        if (part.query != nullptr) {
            appendStringInfo(&joins,
                             "\nLEFT JOIN (%s) AS %s "
                             "ON %s.customer OPERATOR(pg_catalog.=) c.customer",
                             part.query, part.alias, part.alias);
        }
    }
    return joins.data;
}

const char* ChurnFeatures::firstAt() const {
    return windowIsHistory() ? "c.first_at" : "h.first_at";
}

const char* ChurnFeatures::firstEvents(TimestampTz cutoff) const {
    return psprintf("SELECT %s AS customer, %s AS first_at\nFROM %s\nWHERE %s GROUP BY 1",
                    source_->column(Role::Customer), source_->timeOf("min"), source_->from(),
                    window_->history(cutoff));
}

// Sessions are those of the session column, else events with no more than the gap between them. Of
// two that end at the same moment the larger one is the last.
const char* ChurnFeatures::lastSessions(TimestampTz cutoff) const {
    const char* customer = source_->column(Role::Customer);
    const char* each =
        source_->has(Role::Session)
            ? psprintf(
                  "SELECT %s AS customer, %s AS session, %s AS ended_at, "
                  "pg_catalog.count(*) AS events\nFROM %s\nWHERE %s AND %s IS NOT NULL "
                  "GROUP BY 1, 2",
                  customer, source_->column(Role::Session), source_->timeOf("max"), source_->from(),
                  window_->events(cutoff), source_->column(Role::Session))
            : psprintf(
                  "SELECT e.customer AS customer, e.session AS session, "
                  "pg_catalog.max(e.at) AS ended_at, pg_catalog.count(*) AS events\n"
                  "FROM (SELECT %s AS customer, %s AS at, footfall.sessionize(%s, %s) OVER "
                  "(PARTITION BY %s ORDER BY %s) AS session\nFROM %s\nWHERE %s) AS e "
                  "GROUP BY 1, 2",
                  customer, source_->time(), source_->time(), durationLiteral(sessionGap_),
                  customer, source_->time(), source_->from(), window_->events(cutoff));
    return psprintf(
        "SELECT x.customer AS customer, pg_catalog.count(*) AS sessions, %s, %s, %s,\n"
        "pg_catalog.max(x.ended_at) AS last_at, CASE WHEN pg_catalog.count(*) "
        "OPERATOR(pg_catalog.>) 1 THEN pg_catalog.date_part('epoch', pg_catalog.max(x.ended_at) "
        "OPERATOR(pg_catalog.-) pg_catalog.min(x.ended_at)) OPERATOR(pg_catalog./) "
        "86400::pg_catalog.float8 OPERATOR(pg_catalog./) "
        "(pg_catalog.count(*) OPERATOR(pg_catalog.-) 1)::pg_catalog.float8 END AS gap,\n"
        "pg_catalog.sum(x.events)::pg_catalog.int8 AS events,\n"
        "(pg_catalog.max(ARRAY[pg_catalog.date_part('epoch', x.ended_at), "
        "x.events::pg_catalog.float8]))[2]::pg_catalog.int8 AS last_events\n"
        "FROM (%s) AS x GROUP BY 1",
        sessionsSince(cutoff, 7), sessionsSince(cutoff, 14), sessionsSince(cutoff, 30), each);
}

// Orders (or, without a column for them, purchases) at the same moment are one purchase.
const char* ChurnFeatures::purchaseGaps(TimestampTz cutoff) const {
    const bool hasOrder = source_->has(Role::Order);
    const char* order = hasOrder ? source_->column(Role::Order) : source_->time();
    return psprintf(
        "SELECT p.customer AS customer, pg_catalog.avg(p.gap) AS mean, "
        "pg_catalog.stddev_samp(p.gap) AS deviation\n"
        "FROM (SELECT o.customer AS customer, pg_catalog.date_part('epoch', "
        "o.at OPERATOR(pg_catalog.-) pg_catalog.lag(o.at) OVER (PARTITION BY o.customer "
        "ORDER BY o.at)) OPERATOR(pg_catalog./) 86400::pg_catalog.float8 AS gap\n"
        "FROM (SELECT %s AS customer, %s AS purchase, %s AS at\nFROM %s\nWHERE %s AND (%s)%s "
        "GROUP BY 1, 2) AS o) AS p "
        "WHERE p.gap OPERATOR(pg_catalog.>) 0::pg_catalog.float8 GROUP BY 1",
        source_->column(Role::Customer), order, source_->timeOf("min"), source_->from(),
        window_->events(cutoff), purchase_, hasOrder ? psprintf(" AND %s IS NOT NULL", order) : "");
}

// The value of most events; of equals the one seen last, then the first by its bytes.
const char* ChurnFeatures::mostFrequent(Role role, TimestampTz cutoff) const {
    if (!source_->has(role)) {
        return psprintf(
            "SELECT %s AS customer, NULL::pg_catalog.text AS value\nFROM %s\n"
            "WHERE false",
            source_->column(Role::Customer), source_->from());
    }
    const char* column = source_->column(role);
    return psprintf(
        "SELECT DISTINCT ON (v.customer) v.customer AS customer, v.value::pg_catalog.text AS "
        "value\nFROM (SELECT %s AS customer, %s AS value, pg_catalog.count(*) AS events, "
        "%s AS last_at\nFROM %s\nWHERE %s AND %s IS NOT NULL GROUP BY 1, 2) AS v "
        "ORDER BY v.customer, v.events DESC, v.last_at DESC, "
        "v.value::pg_catalog.text COLLATE pg_catalog.\"C\"",
        source_->column(Role::Customer), column, source_->timeOf("max"), source_->from(),
        window_->events(cutoff), column);
}

void checkCutoff(const char* argument, TimestampTz cutoff) {
    if (TIMESTAMP_NOT_FINITE(cutoff)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be a finite time", argument)));
    }
}

}  // namespace footfall::reports
