// The shortest decimal numbers that are read as the same float.
#pragma once

#include "extension/pg/pg.h"

extern "C" {
#include <common/shortest_dec.h>
}
