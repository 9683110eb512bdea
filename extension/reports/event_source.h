// Where a report's events come from: the relation or query in its argument "events", the part its
// columns play, and the caller's conditions over them.
//
// What is returned are pieces of SQL that are valid where from() is the only item of a FROM clause,
// so that the caller's conditions name columns as they would in a query of their own. Every piece
// the caller wrote has been analysed against the source: what is wrong with it is an error that
// names the argument and shows the caller's text, not the report's query.
#pragma once

#include "extension/reports/arguments.h"
#include "extension/reports/column_roles.h"

namespace footfall::reports {

class EventSource {
  public:
    // Reads the arguments events and time_zone, if there is one.
    explicit EventSource(const Arguments& arguments);

    const char* from() const { return from_; }
    // A literal: 'Europe/Berlin'.
    const char* zone() const { return zone_; }
    const char* zoneName() const { return zoneName_; }

    bool has(Role role) const { return columnOf(role, columns_, relations_) != nullptr; }
    // Whether a query of the source, with these conditions behind its WHERE, finds the same rows
    // each time that a snapshot is asked.
    bool repeats(const char* conditions) const;
    // The source as a query; from here on from() is what the WITH query `name` holds.
    const char* keepAs(const char* name);
    // The quoted name; an error that says how to mend it when there is none.
    const char* column(Role role) const;
    // The time as timestamptz: what has no time zone is a time in time_zone.
    const char* time() const;
    // Whether the column is a timestamptz: others, turned into one, are not quite in their own
    // order where clocks are put forward.
    bool hasMoments() const { return timeType() == TIMESTAMPTZOID; }
    // Whether what the caller wrote, the revenue included, holds a time or a date: 'yesterday' and
    // a time without a zone are read anew whenever the session runs the report. Ask after
    // composing.
    bool writesMoments() const;
    // min or max of the time column, turned into a timestamptz after it.
    const char* timeOf(const char* aggregate) const;
    // Rows of customers that are known.
    const char* hasCustomer() const;
    // The revenue of a row as numeric or a number, or nullptr.
    const char* amount() const;
    // Its type without domains; InvalidOid when there is none.
    Oid amountType() const;

    // since <= time < until, without those that are infinite (DT_NOBEGIN, DT_NOEND bound nothing).
    const char* during(TimestampTz since, TimestampTz until) const;
    // `comparison` of the time with a bound: >=, <, <=.
    const char* compareTime(const char* comparison, TimestampTz bound) const;

    // A condition of the caller between parentheses.
    const char* condition(const char* argument, const char* text) const;
    // A condition over all events of a customer, for HAVING: what the caller wrote when it has
    // aggregates, and otherwise whether one of the events meets it.
    const char* customerCondition(const char* argument, const char* text) const;
    // An expression of the caller between parentheses, as text.
    const char* expressionAsText(const char* argument, const char* text) const;
    // event = 'name'
    const char* eventIs(const char* argument, const char* name) const;
    // The same for a name that is ours: events of a type that does not know it have other names.
    const char* eventIsCalled(const char* name) const;
    // event in a list of usual names, "cart,add_to_cart"; nullptr where events have no names.
    const char* eventIsUsually(const char* names) const;
    // event in a list of char*
    const char* eventIsOneOf(const char* argument, List* names) const;

    // " AND (...)" for the argument "filter", or nothing.
    const char* filter() const;

  private:
    void openRelation(const char* name);
    void openQuery(const char* text);
    void describeColumns();
    // `aggregates`: whether there are any; they are refused when it is nullptr.
    Oid analyze(const char* argument, const char* text, bool* aggregates = nullptr) const;
    void checkCondition(const char* argument, const char* text, Oid type) const;
    Oid timeType() const;
    char eventCategory() const;

    const Arguments* arguments_;
    const char* label_;  // for messages
    const char* from_;
    const char* zoneName_;
    const char* zone_;
    List* columns_;    // of Column*
    List* relations_;  // OIDs
    const char* alias_ = nullptr;
    mutable bool writesMoments_ = false;
};

}  // namespace footfall::reports
