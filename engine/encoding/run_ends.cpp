#include "engine/encoding/run_ends.h"

namespace footfall::encoding {

void RunEnds::allocate(Arena& arena) {
    if (runs_ == 0 ? rows_ != 0 : runs_ > rows_)
        base::throwCorrupt("%u runs of %u rows", runs_, rows_);
    const size_t blocks = this->blocks();
    ends_ = static_cast<uint32_t*>(
        arena.resource()->allocate(runs_ * sizeof(uint32_t), alignof(uint32_t)));
    places_ = static_cast<Place*>(
        arena.resource()->allocate((blocks + 1) * sizeof(Place), alignof(Place)));
    loaded_ = static_cast<bool*>(arena.resource()->allocate(blocks + 1, 1));
    std::fill_n(loaded_, blocks, false);
    places_[blocks] = {runs_, 0};
}

RunEnds::RunEnds(IntDecoder* lengths, uint32_t rows, Arena& arena)
    : lengths_(lengths), rows_(rows), runs_(lengths->size()) {
    allocate(arena);
    loadAll();
    uint32_t run = 0;
    for (uint32_t block = 0; block < blocks(); ++block) {
        const uint32_t row = block * kBatchRows;
        run = static_cast<uint32_t>(std::upper_bound(ends_ + run, ends_ + runs_, row) - ends_);
        places_[block] = {run, run == 0 ? row : row - ends_[run - 1]};
    }
}

RunEnds::RunEnds(IntDecoder* lengths, uint32_t rows, IntDecoder* firstRuns, IntDecoder* rowsBefore,
                 Arena& arena)
    : lengths_(lengths), rows_(rows), runs_(lengths->size()) {
    allocate(arena);
    uint32_t words[kBatchRows];
    for (uint32_t at = 0; at < blocks(); at += kBatchRows) {
        const uint32_t part = std::min(kBatchRows, blocks() - at);
        uint64_t greatest = firstRuns->decode32(at, part, words);
        for (uint32_t i = 0; i < part; ++i)
            places_[at + i].run = words[i];
        greatest = std::max(greatest, rowsBefore->decode32(at, part, words));
        for (uint32_t i = 0; i < part; ++i)
            places_[at + i].before = words[i];
        if (greatest >= rows_)
            base::throwCorrupt("places of runs exceed the rows");
    }
    checkPlaces();
}

// Every block has a run for its first row, at most as many as rows, and a run that goes on in the
// next block is counted there by the rows before.
void RunEnds::checkPlaces() const {
    Place last = {0, 0};
    for (uint32_t block = 0; block < blocks(); ++block) {
        const Place place = places_[block];
        const bool first = block == 0;
        const bool same = place.run == last.run;
        const bool fits = first  ? same && place.before == 0
                          : same ? place.before == last.before + kBatchRows
                                 : place.run > last.run && place.before < kBatchRows;
        const uint32_t rows = std::min(kBatchRows, rows_ - block * kBatchRows);
        if (!fits || place.run >= runs_ || places_[block + 1].run < place.run ||
            runsIn(block) > rows) {
            base::throwCorrupt("the runs of block %u are not where they can be", block);
        }
        last = place;
    }
}

// Of a block whose ends are decoded.
void RunEnds::checkBlock(uint32_t block) const {
    const uint32_t begin = block * kBatchRows;
    const uint32_t end = std::min(begin + kBatchRows, rows_);
    const Place& next = places_[block + 1];
    const uint32_t* ends = ends_ + firstRun(block);
    const uint32_t count = runsIn(block);
    const uint32_t lastStart = count == 1 ? begin - places_[block].before : ends[count - 2];
    const bool meets = next.before == 0 ? ends[count - 1] == end
                                        : ends[count - 1] > end && lastStart == end - next.before;
    if (ends[0] <= begin || !meets)
        base::throwCorrupt("the runs of block %u do not add up", block);
}

void RunEnds::load(uint32_t block) {
    constexpr uint32_t kFewBlocks = 2;
    if (loads_++ >= kFewBlocks)
        return loadAll();
    const uint32_t first = firstRun(block);
    const uint32_t count = runsIn(block);
    uint32_t* ends = ends_ + first;
    // No length is above the rows of a segment, so their sum stays far below 2^32.
    uint32_t lengths[kBatchRows];
    if (lengths_->decode32(first, count, lengths) >= rows_)
        base::throwCorrupt("runs exceed the rows");
    uint32_t row = block * kBatchRows - places_[block].before;
    for (uint32_t i = 0; i < count; ++i) {
        row += lengths[i] + 1;
        ends[i] = row;
    }
    checkBlock(block);
    loaded_[block] = true;
}

void RunEnds::loadAll() {
    const bool placed = loads_ != 0;
    std::fill_n(loaded_, blocks(), false);
    uint32_t row = 0;
    for (uint32_t at = 0; at < runs_; at += kBatchRows) {
        const uint32_t part = std::min(kBatchRows, runs_ - at);
        uint32_t* ends = ends_ + at;
        if (lengths_->decode32(at, part, ends) >= rows_)
            base::throwCorrupt("runs exceed the rows");
        for (uint32_t i = 0; i < part; ++i) {
            row += ends[i] + 1;
            ends[i] = row;
        }
        if (row > rows_)
            base::throwCorrupt("runs exceed the rows");
    }
    if (row != rows_)
        base::throwCorrupt("runs end at row %u of %u", row, rows_);
    for (uint32_t block = 0; block < blocks(); ++block) {
        if (placed)
            checkBlock(block);
        loaded_[block] = true;
    }
}

RunPlaces findPlaces(std::span<const uint32_t> runEnds, uint32_t rows) {
    RunPlaces places;
    size_t run = 0;
    for (uint32_t row = 0; row < rows; row += kBatchRows) {
        while (runEnds[run] <= row)
            ++run;
        places.runs.push_back(run);
        places.rowsBefore.push_back(run == 0 ? row : row - runEnds[run - 1]);
    }
    return places;
}

}  // namespace footfall::encoding
