// See interaction_query.h.
#include "extension/functions/recommendation/interaction_query.h"

#include "extension/reports/purchase.h"
#include "extension/reports/query_rows.h"

namespace footfall::functions {

using reports::Role;

namespace {

constexpr char kCarts[] = "cart,add_to_cart";
constexpr char kViews[] = "view,product_view,page_view,view_item";

// An error ends the setting with the (sub)transaction.
TimestampTz timeIn(const char* zone, const char* text) {
    const int level = NewGUCNestLevel();
    (void)set_config_option("TimeZone", zone, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                            false);
    const TimestampTz time = DatumGetTimestampTz(DirectFunctionCall3(
        timestamptz_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
    AtEOXact_GUC(true, level);
    return time;
}

// A text that says no time zone, and so has another meaning in each, is a time in `zone`, which may
// be anything that AT TIME ZONE knows.
TimestampTz timeOfText(const char* text, const char* zone) {
    TimestampTz time = timeIn("UTC", text);
    if (time != timeIn("Etc/GMT+1", text)) {
        time = DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, CStringGetTextDatum(zone),
                                                       TimestampGetDatum(time)));
    }
    if (TIMESTAMP_NOT_FINITE(time)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("option \"split\" is a finite time, not %s", text)));
    }
    return time;
}

}  // namespace

InteractionQuery::InteractionQuery(const reports::Arguments& arguments, const CallOptions& options,
                                   double testFraction)
    : options_(options),
      source_(arguments),
      purchase_(reports::purchaseCondition(arguments, source_)),
      rows_(psprintf("%s AND %s IS NOT NULL%s", source_.hasCustomer(),
                     source_.column(Role::Product), source_.filter())),
      hasSplit_(false),
      split_(0) {
    findSplit(options, testFraction);
}

void InteractionQuery::findSplit(const CallOptions& options, double testFraction) {
    if (options.split != nullptr) {
        hasSplit_ = true;
        split_ = timeOfText(options.split, source_.zoneName());
        return;
    }
    if (testFraction == 0) {
        return;
    }
    reports::QueryRows found(
        psprintf("SELECT pg_catalog.percentile_disc(%.17g) WITHIN GROUP (ORDER BY %s) FROM %s "
                 "WHERE %s AND pg_catalog.isfinite(%s)",
                 1 - testFraction, source_.time(), source_.from(), rows_, source_.time()),
        {TIMESTAMPTZOID});
    hasSplit_ = found.next() && !found.isNull(0);
    split_ = hasSplit_ ? found.bigint(0) : 0;
    found.end();
    if (!hasSplit_) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("there are no events to learn from")));
    }
}

const char* InteractionQuery::usualWeight() const {
    if (!source_.has(Role::Event)) {
        return "1";
    }
    StringInfoData weight;
    initStringInfo(&weight);
    appendStringInfo(&weight, "CASE WHEN %s THEN 5", purchase_);
    if (const char* carts = source_.eventIsUsually(kCarts); carts != nullptr) {
        appendStringInfo(&weight, " WHEN %s THEN 3 WHEN %s THEN 1", carts,
                         source_.eventIsUsually(kViews));
    }
    appendStringInfoString(&weight, " ELSE 0 END");
    return weight.data;
}

const char* InteractionQuery::weight() const {
    const char* weight = usualWeight();
    if (options_.weights != NIL) {
        StringInfoData chosen;
        initStringInfo(&chosen);
        appendStringInfoString(&chosen, "CASE");
        ListCell* cell;
        foreach (cell, options_.weights) {
            const auto* event = static_cast<EventWeight*>(lfirst(cell));
            appendStringInfo(&chosen, " WHEN %s THEN '%.17g'::pg_catalog.float8",
                             source_.eventIs("options", event->event), event->weight);
        }
        appendStringInfoString(&chosen, " ELSE 0 END");
        weight = chosen.data;
    }
    if (!options_.byAmount) {
        return weight;
    }
    const char* amount = source_.amount();
    if (amount == nullptr) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                        errmsg("it is not known what the revenue of an event is"),
                        errhint("Say it with footfall.configure(..., amount => '...'), or leave "
                                "out \"weight_by\".")));
    }
    return psprintf("(%s) OPERATOR(pg_catalog.*) (%s)::pg_catalog.float8", weight, amount);
}

// Where an amount is negative (a return) or not known, the row weighs nothing.
const char* InteractionQuery::text() const {
    const char* later =
        hasSplit_ ? psprintf("(%s) IS TRUE", source_.compareTime(">=", split_)) : "false";
    return psprintf(
        "SELECT g.customer, g.product, g.before, g.later, g.bought_before, g.bought_later\n"
        "FROM (SELECT footfall.id_text(e.customer) COLLATE pg_catalog.\"C\" AS customer,\n"
        "footfall.id_text(e.product) COLLATE pg_catalog.\"C\" AS product,\n"
        "COALESCE(pg_catalog.sum(e.weight) FILTER (WHERE e.weight OPERATOR(pg_catalog.>) 0 "
        "AND NOT e.later), 0) AS before,\n"
        "COALESCE(pg_catalog.sum(e.weight) FILTER (WHERE e.weight OPERATOR(pg_catalog.>) 0 "
        "AND e.later), 0) AS later,\n"
        "pg_catalog.bool_or(e.bought AND NOT e.later) AS bought_before,\n"
        "pg_catalog.bool_or(e.bought AND e.later) AS bought_later\n"
        "FROM (SELECT %s AS customer, %s AS product, (%s)::pg_catalog.float8 AS weight,\n"
        "(%s) IS TRUE AS bought, %s AS later FROM %s WHERE %s) e\n"
        "WHERE e.weight OPERATOR(pg_catalog.>) 0 OR e.bought\n"
        "GROUP BY e.customer, e.product) g ORDER BY g.customer, g.product",
        source_.column(Role::Customer), source_.column(Role::Product), weight(), purchase_, later,
        source_.from(), rows_);
}

List* InteractionQuery::columns() const {
    List* names = NIL;
    for (const Role role : {Role::Product, Role::Customer, Role::Event, Role::Time}) {
        if (source_.has(role)) {
            names = lappend(names, const_cast<char*>(source_.column(role)));
        }
    }
    if (options_.byAmount) {
        names = lappend(names, const_cast<char*>(source_.amount()));
    }
    return names;
}

}  // namespace footfall::functions
