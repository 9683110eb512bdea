// What is known of each customer at a cutoff, as SQL: one row for a customer who was active in the
// feature window before it.
//
// Invariant: every piece reads events before the cutoff only, so nothing at or after it has an
// influence. Durations have days of 24 hours; the days that are counted are those of the calendar
// in time_zone. A feature is NULL when the source lacks its column or when it was not asked for.
//
// What needs no order is one GROUP BY over the window, which FootfallAggregate runs; the planner
// leaves out the aggregates of which nothing is asked. Beside it stand, only when a feature asks
// for them: exact sums of numeric amounts, the first event of all (tenure), sessions, the gaps
// between purchases, the most frequent device and country.
#pragma once

#include "extension/reports/event_source.h"

namespace footfall::reports {

// The customers of a cutoff: who was active in the window before it.
class FeatureWindow {
  public:
    // Reads the arguments feature_window (NULL: all history) and filter. The source must outlive
    // it.
    FeatureWindow(const Arguments& arguments, const EventSource& source);

    // 0: all history.
    int64 length() const { return length_; }
    // What follows WHERE for the events in the window.
    const char* events(TimestampTz cutoff) const;
    // The same for all events before the cutoff.
    const char* history(TimestampTz cutoff) const;
    // A query of (customer), the customer in its own type.
    char* customers(TimestampTz cutoff) const;

  private:
    const char* between(TimestampTz since, TimestampTz until) const;

    const EventSource* source_;
    const char* filter_;
    int64 length_;
};

class ChurnFeatures {
  public:
    // Reads the arguments recent_window, session_gap, features and purchase.
    ChurnFeatures(const Arguments& arguments, const EventSource& source,
                  const FeatureWindow& window);

    // A query of (customer, features...), the customer in its own type.
    char* query(TimestampTz cutoff) const;
    // The features of a query as churn_features returns them: ", f.recency_days, f.frequency".
    static char* columns(const char* alias);

  private:
    void checkWanted() const;
    bool wants(const char* feature) const;
    bool wantsSessions() const;
    void readRecentWindow(const Arguments& arguments);
    const char* expressionOf(const char* expression) const;
    bool windowIsHistory() const { return window_->length() == 0; }
    const char* firstAt() const;
    const char* perCustomer(TimestampTz cutoff) const;
    const char* dayOf(const char* time) const;
    bool amountIsNumeric() const;
    const char* amountPerCustomer() const;
    const char* monetary() const;
    const char* exactAmounts(TimestampTz cutoff) const;
    const char* countOf(const char* condition) const;
    const char* countDistinct(Role role) const;
    const char* countOfUsual(const char* names) const;
    const char* joins(TimestampTz cutoff) const;
    const char* firstEvents(TimestampTz cutoff) const;
    const char* lastSessions(TimestampTz cutoff) const;
    const char* purchaseGaps(TimestampTz cutoff) const;
    const char* mostFrequent(Role role, TimestampTz cutoff) const;

    const EventSource* source_;
    const FeatureWindow* window_;
    List* wanted_;  // of char*; NIL: all
    const char* purchase_;
    bool zoneGiven_;
    int64 recent_;
    int64 sessionGap_;
};

// A cutoff is a finite time.
void checkCutoff(const char* argument, TimestampTz cutoff);

}  // namespace footfall::reports
