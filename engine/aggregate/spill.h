// Stores written out by hash of the key, to be read back a part at a time.
//
// A store that outgrew its memory is split by five bits of its groups' hashes into as many files;
// each file read back is split further by the next five bits when it is still too large.
#pragma once

#include <array>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <vector>

#include "engine/aggregate/spill_source.h"
#include "engine/aggregate/store.h"

namespace footfall::aggregate {

class Spill {
  public:
    static constexpr uint32_t kMostLevels = 4;

    Spill(SpillSource& source, std::pmr::memory_resource* resource)
        : source_(source), resource_(resource), pending_(resource) {}

    uint32_t files() const noexcept { return next_; }
    bool mayDeepen() const noexcept { return level_ < kMostLevels; }
    // Writes all groups of the store into the files of the current level.
    void write(const Store& store);
    // The current level's files are complete.
    void endLevel();
    // Opens the next file to read; what is written while it is read is one level deeper. False when
    // there is none.
    bool open();
    // The next record of the open file; at its end drops it.
    bool read(base::Buffer& record);

  private:
    static constexpr uint32_t kBits = 5;
    static constexpr uint32_t kParts = 1 << kBits;
    static constexpr size_t kRecordBytes = 128 << 10;

    struct Part {
        uint32_t file;
        uint32_t level;
    };

    SpillSource& source_;
    std::pmr::memory_resource* resource_;
    std::pmr::vector<Part> pending_;
    std::array<std::optional<uint32_t>, kParts> current_;
    uint32_t level_ = 0;
    uint32_t open_ = 0;
    uint32_t next_ = 0;
};

}  // namespace footfall::aggregate
