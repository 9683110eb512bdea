// Which rows are purchases.
#pragma once

#include "extension/reports/event_source.h"

namespace footfall::reports {

// The condition in the argument "purchase"; without one, events named purchase, or every row when
// the source does not say what happened.
const char* purchaseCondition(const Arguments& arguments, const EventSource& source);

}  // namespace footfall::reports
