// Up to 1,024 rows with their columns on demand, and which of the rows count.
//
// A Batch is one block of a sealed segment or a handful of hot rows; whoever evaluates asks for
// columns as late as possible, so that a column which no selected row needs is never decoded.
#pragma once

#include <array>
#include <cstdint>

#include "engine/vector/block.h"

namespace footfall::scan {

inline constexpr uint32_t kBatchRows = 1024;

// Ascending positions of rows in a batch. While `all` is set the positions are 0 .. count - 1 and
// `rows` need not be filled: most loops have a faster form for that.
class Selection {
  public:
    uint32_t count() const noexcept { return count_; }
    bool empty() const noexcept { return count_ == 0; }
    // Whether the selection is the first count() rows.
    bool all() const noexcept { return all_; }
    uint32_t operator[](uint32_t i) const noexcept { return all_ ? i : rows_[i]; }
    // The positions; fills them when they were implied.
    const uint16_t* rows() const noexcept {
        if (all_ && filled_ < count_)
            fill();
        return rows_.data();
    }

    void selectAll(uint32_t count) noexcept {
        count_ = count;
        all_ = true;
        filled_ = 0;
    }
    void clear() noexcept { selectAll(0); }
    // The caller writes ascending positions into room() and says how many they are. Reading the
    // old positions while writing the new ones is fine where a write never overtakes the reading.
    uint16_t* room() noexcept { return rows_.data(); }
    void assign(uint32_t count) noexcept {
        count_ = count;
        all_ = false;
    }
    // Drops a row, which may or may not be selected; for tombstones.
    void remove(uint32_t row) noexcept;

  private:
    void fill() const noexcept {
        for (uint32_t i = 0; i < count_; ++i)
            rows_[i] = static_cast<uint16_t>(i);
        filled_ = count_;
    }

    uint32_t count_ = 0;
    bool all_ = true;
    mutable uint32_t filled_ = 0;
    mutable std::array<uint16_t, kBatchRows> rows_;
};

class Batch {
  public:
    virtual ~Batch() = default;

    uint32_t rows() const noexcept { return rows_; }
    // The block of all rows() rows. It is loaded at the first call (which may throw) and stays as
    // it is until the batch is filled anew.
    virtual const vector::Block& column(uint32_t index) = 0;
    // The same, whose other rows than the selected ones may be undefined (but safe to read). A
    // block given earlier stays valid for the rows that it was given for.
    virtual const vector::Block& columnFor(uint32_t index, const Selection& selection) {
        (void)selection;
        return column(index);
    }
    // Whether all rows' integers are known to lie between two, and not to be NULL, before any is
    // loaded.
    virtual bool zone(uint32_t index, int64_t& least, int64_t& greatest) {
        (void)index, (void)least, (void)greatest;
        return false;
    }
    // The column's rows as runs of equal values; null where it is not stored so or already loaded.
    virtual const vector::Runs* runs(uint32_t index) {
        (void)index;
        return nullptr;
    }

  protected:
    uint32_t rows_ = 0;
};

}  // namespace footfall::scan
