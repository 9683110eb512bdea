// Values of dates, and how SQL's own reader sees space, for the few files that look at them.
#pragma once

#include "extension/pg/pg.h"

extern "C" {
#include <parser/scansup.h>
#include <utils/date.h>
}
