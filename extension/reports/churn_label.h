// Who was lost after a cutoff, as SQL: no activity from cutoff + gap on, for the label window.
//
// Invariant: a label exists only where its whole window is known, that is when it ends no later
// than the horizon (horizon.h) and than now. Otherwise the cutoff is refused: a customer who has
// not come back yet is not lost.
#pragma once

#include "extension/reports/event_source.h"

namespace footfall::reports {

class ChurnLabel {
  public:
    // Reads the arguments gap, label_window, until, activity and filter. Asks the source for its
    // horizon. The source must outlive it.
    ChurnLabel(const Arguments& arguments, const EventSource& source);

    // 22023 when the label window of the cutoff is not over.
    void check(TimestampTz cutoff) const;
    // A query of (customer) of those who were active in the label window.
    char* returned(TimestampTz cutoff) const;

  private:
    TimestampTz end(TimestampTz cutoff) const;

    const EventSource* source_;
    const char* filter_;
    const char* activity_;  // " AND (condition)" or ""
    int64 gap_;
    int64 window_;
    TimestampTz horizon_;  // DT_NOBEGIN: nothing is known
};

}  // namespace footfall::reports
