// Differences of neighbours, and differences of those.
//
// Every 1,024 words start anew from stored anchors, so a block decodes by itself. The differences
// are a frame-of-reference stream; the entries at block starts repeat their successor and are
// ignored.
#pragma once

#include "engine/encoding/int_stream.h"

namespace footfall::encoding {

// `values` turned into what the differences stream stores.
void computeDeltas(std::span<const uint64_t> values, std::span<uint64_t> deltas);
void computeDeltasOfDeltas(std::span<const uint64_t> values, std::span<uint64_t> deltas);

void encodeDelta(std::span<const uint64_t> values, base::ByteWriter& out);
IntDecoder* openDelta(base::ByteReader in, uint32_t size, Arena& arena);
void encodeDeltaOfDelta(std::span<const uint64_t> values, base::ByteWriter& out);
IntDecoder* openDeltaOfDelta(base::ByteReader in, uint32_t size, Arena& arena);

}  // namespace footfall::encoding
