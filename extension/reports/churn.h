// What planning asks of churn_features (inlined_report.h).
#pragma once

#include "extension/reports/arguments.h"

namespace footfall::reports {

// The query of a call, when it says the same whatever the session's time zone is; nullptr
// otherwise.
char* composeLastingChurnFeatures(const Arguments& arguments);

}  // namespace footfall::reports

extern "C" PGDLLEXPORT Datum footfall_churn_features(PG_FUNCTION_ARGS);
