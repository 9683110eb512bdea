// Cohort retention with periods that begin with each customer's entry: 24 hours from the first
// event on, and so on, instead of days of a calendar.
//
// Cohorts are calendar periods all the same. A customer counts only in the periods that are over
// for them, so the customers of a cohort become fewer towards its last periods, which are then not
// complete.
#pragma once

#include "extension/reports/event_source.h"

namespace footfall::reports {

struct RollingRetention {
    const char* entry;     // condition of the first event
    const char* back;      // of a return
    const char* rows;      // FROM and WHERE
    const char* entrants;  // " AND ..." over s.entered_at
    bool unbounded;        // back in the period, or in it or later
};

// A query with the columns of footfall.cohort_retention.
char* composeRollingRetention(const Arguments& arguments, const EventSource& source,
                              const RollingRetention& question);

}  // namespace footfall::reports
