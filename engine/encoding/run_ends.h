// Where the runs of a column end, known block by block.
//
// The idea: a look-up wants the runs of one block of 1,024 rows, but lengths tell where a run is
// only when all before it are added up. So runs of more than one block are stored with the places
// of blocks: for each block the run that holds its first row, and how many rows of that run are
// before the block. A block's ends are decoded when a row of it is asked for; who asks for a few
// blocks gets all of them at once, since adding up is cheapest in one go.
//
// What the lengths of a block add up to has to agree with the places on both sides of it, else the
// data is damaged.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/encoding/column_codec.h"

namespace footfall::encoding {

class RunEnds {
  public:
    // Of lengths less one alone: all ends are decoded at once, to find the places.
    RunEnds(IntDecoder* lengths, uint32_t rows, Arena& arena);
    // With the stored places.
    RunEnds(IntDecoder* lengths, uint32_t rows, IntDecoder* firstRuns, IntDecoder* rowsBefore,
            Arena& arena);

    uint32_t runs() const noexcept { return runs_; }
    uint32_t rows() const noexcept { return rows_; }
    uint32_t blocks() const noexcept { return (rows_ + kBatchRows - 1) / kBatchRows; }
    // The run that holds the first row of a block.
    uint32_t firstRun(uint32_t block) const noexcept { return places_[block].run; }
    // How many runs hold rows of a block.
    uint32_t runsIn(uint32_t block) const noexcept {
        const Place& next = places_[block + 1];
        return next.run - places_[block].run + (next.before != 0 ? 1 : 0);
    }
    // The run that holds `row`.
    uint32_t runOf(uint32_t row) {
        const uint32_t block = row / kBatchRows;
        require(block);
        const uint32_t* from = ends_ + firstRun(block);
        return static_cast<uint32_t>(std::upper_bound(from, from + runsIn(block), row) - ends_);
    }
    // The row after a run that holds a row of a block that was asked for.
    uint32_t end(uint32_t run) const noexcept { return ends_[run]; }
    const uint32_t* endsFrom(uint32_t run) const noexcept { return ends_ + run; }
    // Asks for a block.
    void require(uint32_t block) {
        if (!loaded_[block])
            load(block);
    }

  private:
    // Behind the last block there is one more place, that of a run behind the last.
    struct Place {
        uint32_t run;
        uint32_t before;
    };

    void allocate(Arena& arena);
    void checkPlaces() const;
    void checkBlock(uint32_t block) const;
    void load(uint32_t block);
    void loadAll();

    IntDecoder* lengths_;
    uint32_t rows_;
    uint32_t runs_;
    uint32_t loads_ = 0;
    uint32_t* ends_ = nullptr;
    Place* places_ = nullptr;
    bool* loaded_ = nullptr;  // by block
};

// The places of blocks as they are stored: for each block the run, and the rows of it before.
struct RunPlaces {
    std::vector<uint64_t> runs;
    std::vector<uint64_t> rowsBefore;
};
RunPlaces findPlaces(std::span<const uint32_t> runEnds, uint32_t rows);

}  // namespace footfall::encoding
