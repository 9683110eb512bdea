// A decoder over a column that is in memory already, flat: for segments whose columns come from
// elsewhere than chunks.
//
// Byte values that repeat are given codes when the column is opened, so that filters and groups
// work on codes as they do over a stored dictionary.
#pragma once

#include "engine/encoding/arena.h"
#include "engine/encoding/column_codec.h"

namespace footfall::encoding {

// `values` must outlive the arena.
ColumnDecoder* openHeld(const vector::Column& values, Arena& arena);

}  // namespace footfall::encoding
