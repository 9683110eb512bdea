// See funnel_chains.h.
#include "extension/reports/funnel_chains.h"

#include <cstring>

namespace footfall::reports {

namespace {

constexpr int kMostSteps = 32;
constexpr const char* kOrders[] = {"this", "any", "exact", nullptr};
constexpr const char* kExclusions[] = {"drop_off", "remove_customer", nullptr};
constexpr const char* kCountings[] = {"customers", "sessions", nullptr};

char* stringAt(List* texts, int position) {
    return static_cast<char*>(list_nth(texts, position));
}

bool hasDuplicates(List* texts) {
    for (int i = 0; i < list_length(texts); i++) {
        for (int j = 0; j < i; j++) {
            if (strcmp(stringAt(texts, i), stringAt(texts, j)) == 0) {
                return true;
            }
        }
    }
    return false;
}

// The texts with `separator` in between.
char* join(List* texts, const char* separator) {
    StringInfoData joined;
    initStringInfo(&joined);
    ListCell* cell;
    foreach (cell, texts) {
        appendStringInfo(&joined, "%s%s", joined.len == 0 ? "" : separator,
                         static_cast<char*>(lfirst(cell)));
    }
    return joined.data;
}

}  // namespace

FunnelChains::FunnelChains(const Arguments& arguments, const EventSource& source,
                           const char* breakdown)
    : source_(&source),
      breakdown_(breakdown),
      filter_(source.filter()),
      within_(durationOf("within", *arguments.requiredInterval("within"), 0)),
      since_(arguments.time("since", DT_NOBEGIN)),
      until_(arguments.time("until", DT_NOEND)),
      order_(static_cast<Order>(arguments.choice("step_order", kOrders))),
      bySession_(arguments.choice("counting", kCountings) == 1),
      names_(NIL),
      conditions_(NIL),
      anyStep_(nullptr),
      mayOverlap_(false),
      excluded_(nullptr),
      removesCustomers_(false) {
    readSteps(arguments);
    readExclusion(arguments);
}

// A step is an event's name, or a condition which a name may go with.
void FunnelChains::readSteps(const Arguments& arguments) {
    List* steps = arguments.nullableStrings("steps");
    List* conditions = arguments.nullableStrings("conditions");
    const int count = Max(list_length(steps), list_length(conditions));
    if (count == 0 || count > kMostSteps) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("a funnel has 1 to %d steps, not %d", kMostSteps, count),
                        errhint("For example steps => '{view,cart,purchase}'.")));
    }
    if (steps != NIL && conditions != NIL && list_length(steps) != list_length(conditions)) {
        ereport(ERROR,
                (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                 errmsg("there are %d steps and %d conditions", list_length(steps),
                        list_length(conditions)),
                 errhint("With both, steps are the names of the conditions; a NULL condition "
                         "stands for the event of that name.")));
    }
    for (int i = 0; i < count; i++) {
        char* name = steps == NIL ? nullptr : stringAt(steps, i);
        char* condition = conditions == NIL ? nullptr : stringAt(conditions, i);
        if (name == nullptr && condition == nullptr) {
            ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                            errmsg("step %d has neither a name nor a condition", i + 1)));
        }
        mayOverlap_ = mayOverlap_ || condition != nullptr;
        const char* met = condition == nullptr ? source_->eventIs("steps", name)
                                               : source_->condition("conditions", condition);
        conditions_ = lappend(conditions_, const_cast<char*>(met));
        names_ = lappend(names_, name == nullptr ? condition : name);
    }
    if (order_ == Order::Any && hasDuplicates(conditions_)) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("with step_order any the steps must differ from each other"),
                 errhint("A step that is wanted twice needs an order: use step_order this.")));
    }
    if (!mayOverlap_) {
        mayOverlap_ = hasDuplicates(names_);
        anyStep_ = source_->eventIsOneOf("steps", names_);
    }
}

void FunnelChains::readExclusion(const Arguments& arguments) {
    List* exclude = arguments.strings("exclude");
    removesCustomers_ = arguments.choice("exclusion", kExclusions) == 1;
    if (exclude == NIL) {
        return;
    }
    if (order_ == Order::Any) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("exclude says what must not happen between two steps, and with "
                               "step_order any there is no between"),
                        errhint("Leave out one of the two, or use filter.")));
    }
    if (list_length(conditions_) == kMostSteps) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("a funnel with exclude has at most %d steps", kMostSteps - 1)));
    }
    excluded_ = source_->eventIsOneOf("exclude", exclude);
    if (anyStep_ != nullptr) {
        anyStep_ = psprintf("(%s OR %s)", anyStep_, excluded_);
    }
}

const char* FunnelChains::keys() const {
    const char* customer = source_->column(Role::Customer);
    return bySession_ ? psprintf("%s, %s", customer, source_->column(Role::Session)) : customer;
}

// The first step within the dates; rows before `since` are not read at all.
const char* FunnelChains::entryCondition() const {
    const char* entry = order_ == Order::Any ? psprintf("(%s)", join(conditions_, " OR "))
                                             : stringAt(conditions_, 0);
    return TIMESTAMP_NOT_FINITE(until_)
               ? entry
               : psprintf("(%s AND %s)", entry, source_->compareTime("<", until_));
}

// FROM and WHERE: from `since` to the end of the last window.
const char* FunnelChains::rows() const {
    TimestampTz end = DT_NOEND;
    if (!TIMESTAMP_NOT_FINITE(until_) &&
        (__builtin_add_overflow(until_, within_, &end) || !IS_VALID_TIMESTAMP(end))) {
        end = DT_NOEND;
    }
    StringInfoData rows;
    initStringInfo(&rows);
    appendStringInfo(&rows, "FROM %s\nWHERE %s AND %s", source_->from(),
                     source_->during(since_, end), source_->hasCustomer());
    if (bySession_) {
        appendStringInfo(&rows, " AND %s IS NOT NULL", source_->column(Role::Session));
    }
    if (order_ != Order::Exact && anyStep_ != nullptr) {
        appendStringInfo(&rows, " AND %s", anyStep_);
    }
    if (order_ == Order::Exact && !TIMESTAMP_NOT_FINITE(until_)) {
        // The first step again, after the dates, is a repeat and not something in between.
        appendStringInfo(&rows, " AND (%s OR %s IS NOT TRUE", source_->compareTime("<", until_),
                         psprintf("(%s)", stringAt(conditions_, 0)));
        for (int i = 1; i < list_length(conditions_); i++) {
            appendStringInfo(&rows, " OR %s", stringAt(conditions_, i));
        }
        appendStringInfoChar(&rows, ')');
    }
    appendStringInfoString(&rows, filter_);
    return rows.data;
}

// One row a customer, or session: an aggregate of the window_funnel family, and the breakdown's
// value when the first step was first taken.
char* FunnelChains::perCustomer(const char* aggregate, const char* name) const {
    List* modes = NIL;
    if (mayOverlap_) {
        modes = lappend(modes, pstrdup("strict_once"));
    }
    if (order_ == Order::Exact) {
        modes = lappend(modes, pstrdup("strict_order"));
    }
    List* conditions = list_copy(conditions_);
    linitial(conditions) = const_cast<char*>(entryCondition());
    if (excluded_ != nullptr) {
        modes = lappend(modes, pstrdup(removesCustomers_ ? "exclude_customer" : "exclude"));
        conditions = lappend(conditions, const_cast<char*>(excluded_));
    }
    const char* modeList =
        modes == NIL ? "" : psprintf("'{%s}'::pg_catalog.text[], ", join(modes, ","));
    const char* touched =
        breakdown_ == nullptr
            ? ""
            : psprintf(", footfall.path_agg(%s, CASE WHEN %s THEN %s END, 1) AS touched",
                       source_->time(), entryCondition(), breakdown_);
    return psprintf("SELECT %s AS customer, footfall.%s(%s, %s%s, %s) AS %s%s\n%s\nGROUP BY %s",
                    source_->column(Role::Customer), aggregate, durationLiteral(within_), modeList,
                    source_->time(), join(conditions, ", "), name, touched, rows(), keys());
}

char* FunnelChains::levels() const {
    if (breakdown_ == nullptr) {
        return psprintf(
            "SELECT f.level AS level, pg_catalog.count(*) AS customers FROM (%s) AS f "
            "WHERE f.level OPERATOR(pg_catalog.>=) 1 GROUP BY f.level",
            perCustomer("window_funnel", "level"));
    }
    return psprintf(
        "SELECT f.touched[1] AS breakdown, f.level AS level, pg_catalog.count(*) AS customers "
        "FROM (%s) AS f WHERE f.level OPERATOR(pg_catalog.>=) 1 GROUP BY f.touched[1], f.level",
        perCustomer("window_funnel", "level"));
}

char* FunnelChains::times() const {
    if (order_ == Order::Any) {
        return timesInAnyOrder();
    }
    return psprintf(
        "SELECT f.customer AS customer, %s AS breakdown, f.times AS times FROM (%s) AS f "
        "WHERE pg_catalog.cardinality(f.times) OPERATOR(pg_catalog.>=) 1",
        breakdown_ == nullptr ? "NULL::pg_catalog.text" : "f.touched[1]",
        perCustomer("window_funnel_times", "times"));
}

// For each row that meets a step: when each step comes next, itself included. A chain that begins
// there has the steps that come within the window; the longest chain of a customer counts, of equal
// ones the one that was first complete, then the one that began last. Rows are compared by numbers,
// and only the chosen one's times are put in order.
char* FunnelChains::timesInAnyOrder() const {
    StringInfoData next;
    initStringInfo(&next);
    StringInfoData values;
    initStringInfo(&values);
    StringInfoData level;
    initStringInfo(&level);
    StringInfoData last;
    initStringInfo(&last);
    const char* within = durationLiteral(within_);
    for (int i = 0; i < list_length(conditions_); i++) {
        const char* taken =
            psprintf("CASE WHEN f.next_%d OPERATOR(pg_catalog.<=) (f.at OPERATOR(pg_catalog.+) %s)",
                     i + 1, within);
        appendStringInfo(&level, "%s%s THEN 1 ELSE 0 END", i == 0 ? "" : " OPERATOR(pg_catalog.+) ",
                         taken);
        appendStringInfo(&last, "%s%s THEN f.next_%d END", i == 0 ? "" : ", ", taken, i + 1);
        appendStringInfo(&next,
                         "pg_catalog.min(%s) FILTER (WHERE %s) OVER footfall_after AS next_%d,\n",
                         source_->time(), stringAt(conditions_, i), i + 1);
        appendStringInfo(&values, "%s(c.next_%d)", i == 0 ? "" : ", ", i + 1);
    }
    const char* touched =
        breakdown_ == nullptr
            ? "NULL::pg_catalog.text"
            : psprintf(
                  "pg_catalog.first_value(CASE WHEN %s THEN %s END) OVER (PARTITION BY %s "
                  "ORDER BY CASE WHEN %s AND %s IS NOT NULL THEN 0 ELSE 1 END, %s, "
                  "%s COLLATE pg_catalog.\"C\")",
                  entryCondition(), breakdown_, keys(), entryCondition(), breakdown_,
                  source_->time(), breakdown_);
    const char* sessionKey = bySession_ ? source_->column(Role::Session) : "1";
    return psprintf(
        "SELECT c.customer AS customer, c.touched AS breakdown, ARRAY(SELECT v.next FROM "
        "(VALUES %s) AS v(next) WHERE v.next OPERATOR(pg_catalog.<=) "
        "(c.at OPERATOR(pg_catalog.+) %s) ORDER BY v.next) AS times\n"
        "FROM (SELECT DISTINCT ON (f.customer, f.visit) f.*\n"
        "FROM (SELECT %s AS customer, %s AS visit, %s AS at, %s AS entered,\n%s"
        "%s AS touched\n%s\nWINDOW footfall_after AS (PARTITION BY %s ORDER BY %s DESC)) AS f\n"
        "WHERE f.entered\nORDER BY f.customer, f.visit, %s DESC, GREATEST(%s), f.at DESC) AS c",
        values.data, within, source_->column(Role::Customer), sessionKey, source_->time(),
        entryCondition(), next.data, touched, rows(), keys(), source_->time(), level.data,
        last.data);
}

}  // namespace footfall::reports
