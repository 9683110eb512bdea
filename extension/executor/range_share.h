// How parallel processes share out ranges of customers.
//
// Every process computes the same ranges for itself (customer_ranges.h) and takes lots of them that
// follow each other, so that segments are opened by few processes; lots get smaller towards the
// end. One process takes its lots in ascending order.
#pragma once

#include "extension/executor/customer_ranges.h"

namespace footfall::executor {

// In dynamic shared memory.
class RangeShare {
  public:
    void initialize(int participants);
    // For a rescan, before any process begins.
    void restart();
    // How many ranges there should be at least.
    int leastRanges() const;
    // An ERROR when another process has other ranges: customers would be read twice or not at all.
    void check(const CustomerRanges& ranges);
    // Takes ranges [*first, *end); false when none is left.
    bool take(const CustomerRanges& ranges, int* first, int* end);

  private:
    int participants_;
    pg_atomic_uint32 next_;
    pg_atomic_uint64 fingerprint_;
};

}  // namespace footfall::executor
