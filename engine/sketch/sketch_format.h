// The first two bytes of a packed sketch: which one it is, and the version of its form.
//
// Packed sketches are stored in users' tables and outlive this release: a change of form is a new
// version, and the old ones stay readable.
#pragma once

#include <cstdint>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"

namespace footfall::sketch {

enum class SketchKind : uint8_t { HyperLogLog = 'H', UddSketch = 'U', FrequentValues = 'F' };

inline void writeHeader(base::ByteWriter& writer, SketchKind kind, uint8_t version) {
    writer.u8(static_cast<uint8_t>(kind));
    writer.u8(version);
}

inline void readHeader(base::ByteReader& reader, SketchKind kind, uint8_t version) {
    if (reader.u8() != static_cast<uint8_t>(kind))
        base::throwCorrupt("the bytes are not a sketch of this kind");
    const uint8_t found = reader.u8();
    if (found == 0)
        base::throwCorrupt("a sketch has no version 0");
    if (found > version) {
        base::throwUnsupported("the sketch has version %u, this release reads up to %u", found,
                               version);
    }
}

}  // namespace footfall::sketch
