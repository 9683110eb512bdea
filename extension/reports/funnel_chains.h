// A funnel's question as SQL: how far each customer (or session) came, and when.
//
// The steps are events or conditions. Order of the steps: this one, exactly this one (nothing in
// between), or any. Steps that one row could meet at once want a row each. Dates bound the first
// step; the others may lie up to the window after it, and rows are read up to there.
#pragma once

#include "extension/reports/event_source.h"

namespace footfall::reports {

class FunnelChains {
  public:
    // Reads the arguments steps, conditions, within, step_order, exclude, exclusion, counting,
    // since, until and filter. `breakdown`: an expression of text or nullptr.
    FunnelChains(const Arguments& arguments, const EventSource& source, const char* breakdown);

    // Names of the steps, a List of char*.
    List* names() const { return names_; }

    // A query of (level, customers), with a breakdown (breakdown, level, customers), of those who
    // took the first step: what FootfallAggregate computes whole. Not for any order.
    char* levels() const;
    // A query of (customer, breakdown, times), an element of times for each step that was reached.
    char* times() const;
    bool inAnyOrder() const { return order_ == Order::Any; }

  private:
    enum class Order { This, Any, Exact };

    void readSteps(const Arguments& arguments);
    void readExclusion(const Arguments& arguments);
    const char* keys() const;
    const char* entryCondition() const;
    const char* rows() const;
    char* perCustomer(const char* aggregate, const char* name) const;
    char* timesInAnyOrder() const;

    const EventSource* source_;
    const char* breakdown_;
    const char* filter_;
    int64 within_;
    TimestampTz since_;
    TimestampTz until_;
    Order order_;
    bool bySession_;
    List* names_;
    List* conditions_;       // of char*
    const char* anyStep_;    // met by rows that matter, or nullptr: all do
    bool mayOverlap_;        // one row may meet several steps
    const char* excluded_;   // a condition or nullptr
    bool removesCustomers_;  // what the excluded event does
};

}  // namespace footfall::reports
