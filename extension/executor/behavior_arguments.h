// Arguments of behavioural aggregates that hold for a whole group, as the engine wants them: the
// plain aggregates and FootfallAggregate read them alike.
#pragma once

#include "engine/behavior/window_funnel.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

// The window of a funnel, the gap of a session, as microseconds; `what` names it in errors. A day
// is 24 hours, months are refused.
uint64 toMicroseconds(const Interval* interval, const char* what);
// Of a text[].
behavior::FunnelModes parseFunnelModes(ArrayType* array);

}  // namespace footfall::executor
