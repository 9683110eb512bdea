// Frame of reference with bit packing and patches (PFOR; Zukowski et al., ICDE 2006).
//
// Per 1,024 words: a base, a width, and words whose distance to the base needs more bits kept as
// patches (position and high bits). Distances are modulo 2^64, so an outlier below the base is a
// patch too.
#pragma once

#include "engine/encoding/int_stream.h"

namespace footfall::encoding {

// Bytes encodeFrameOfReference would need, exact up to the header's varints.
size_t frameOfReferenceBytes(std::span<const uint64_t> values);
// The same for one block of at most 1,024 words.
size_t frameOfReferenceBlockBytes(std::span<const uint64_t> block);
void encodeFrameOfReference(std::span<const uint64_t> values, base::ByteWriter& out);
IntDecoder* openFrameOfReference(base::ByteReader in, uint32_t size, Arena& arena);

}  // namespace footfall::encoding
