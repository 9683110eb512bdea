// The events of a source as SQL: a row a customer and product, with what they weigh before the
// split and from it on.
//
// A row of the source weighs what its event does: as the call says, else a purchase 5, a cart 3 and
// a view 1; 1 where the source does not say what happened. The caller's names are those of the
// arguments and of footfall.configure, checked by EventSource.
#pragma once

#include "extension/functions/recommendation/call_options.h"
#include "extension/reports/event_source.h"

namespace footfall::functions {

class InteractionQuery {
  public:
    // Both must outlive it, `arguments` since the source reads it. `testFraction` 0: no split. May
    // raise an ERROR, as all here.
    InteractionQuery(const reports::Arguments& arguments, const CallOptions& options,
                     double testFraction);

    bool hasSplit() const { return hasSplit_; }
    TimestampTz split() const { return split_; }
    // Rows (customer text, product text, weight before, weight from the split on, bought before,
    // bought from the split on), by customer and product in the order of their bytes.
    const char* text() const;
    // What the registry shows: the columns that were used, the product first.
    List* columns() const;

  private:
    const char* weight() const;
    const char* usualWeight() const;
    void findSplit(const CallOptions& options, double testFraction);

    const CallOptions& options_;
    reports::EventSource source_;
    const char* purchase_;
    const char* rows_;  // a condition
    bool hasSplit_;
    TimestampTz split_;
};

}  // namespace footfall::functions
