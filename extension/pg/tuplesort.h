// PostgreSQL's sort of tuples, for the few who need it.
#pragma once

#include "extension/pg/pg.h"

extern "C" {
#include <utils/tuplesort.h>
}
