// Group states as bytes; README.md in this folder describes them.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

#include "engine/aggregate/store.h"
#include "engine/base/byte_writer.h"

namespace footfall::aggregate {

// Writes groups of one store, in ascending order for DISTINCT values to be found by walking along.
class StateWriter {
  public:
    StateWriter(const Store& store, std::pmr::memory_resource* resource);
    void writeHeader(base::ByteWriter& out, uint32_t groups) const;
    void writeGroup(base::ByteWriter& out, uint32_t group);

  private:
    struct Values {
        bool asPages;
        std::pmr::vector<DistinctSet::Pair> pairs;
        std::pmr::vector<DistinctSet::PageOfGroup> pages;
        size_t at = 0;
    };
    void writeValues(base::ByteWriter& out, uint32_t group, size_t field);
    const Store& store_;
    std::pmr::vector<Values> values_;  // by field
};

// Adds the states to the store's. Throws CorruptData.
void readStates(std::span<const std::byte> bytes, Store& store);

}  // namespace footfall::aggregate
