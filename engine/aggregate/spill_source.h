// Where group states go when memory is short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>

#include "engine/base/buffer.h"

namespace footfall::aggregate {

// Files of records, written first and read back once, in the same order. Files are numbered by the
// aggregation, from 0 without gaps; a few hundred may be open. What is read back is trusted as
// little as any stored byte.
class SpillSource {
  public:
    virtual ~SpillSource() = default;
    virtual void write(uint32_t file, std::span<const std::byte> record) = 0;
    // The next record of the file into `record`; false at its end.
    virtual bool read(uint32_t file, base::Buffer& record) = 0;
    // The file is not needed any more.
    virtual void drop(uint32_t file) = 0;
};

}  // namespace footfall::aggregate
