// PostgreSQL's bit strings, for the few who need them.
#pragma once

#include "extension/pg/pg.h"

extern "C" {
#include <utils/varbit.h>
}
