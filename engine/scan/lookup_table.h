// The rows of a small table by a key: what a join with a dimension looks up.
//
// The idea: a fact row matches at most one row of the dimension, so a join adds columns to a batch
// and takes rows out of it, but never adds rows. Each fact row gets the number of its dimension
// row; a column of the dimension is then a dictionary whose codes those numbers choose
// (LookedUpColumn), and everything that knows dictionaries works on it once for each value.
//
// Equality is that of stored values: integers of any width by their value, the rest by their bytes.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "engine/scan/batch.h"
#include "engine/vector/block.h"

namespace footfall::scan {

// The number of a row that was not found.
inline constexpr uint32_t kNoRow = UINT32_MAX;

class LookupTable {
  public:
    // `keys`: the key of each of the dimension's rows, integers, Fixed or Bytes (BadArgument
    // otherwise). NULL is never found; of equal keys the first row is. `poll` is called now and
    // then and may throw.
    LookupTable(vector::Column keys, std::pmr::memory_resource* resource, void (*poll)());

    // Whether two rows had one key, NULL aside.
    bool hasDuplicates() const noexcept { return duplicates_; }
    const vector::Column& keys() const noexcept { return keys_; }

    // found[row] is the dimension's row for every selected row, kNoRow for all others. `keys` is of
    // integers when the table's are, of the table's type otherwise. Room for keys.rows numbers.
    void find(const vector::Block& keys, const Selection& selection, uint32_t* found);
    // Which of `parts` (a power of two) parts of all keys the row's belongs to; NULL to the first.
    static uint32_t partOf(const vector::Column& column, uint32_t row, uint32_t parts);
    static uint32_t partOf(const vector::Block& keys, uint32_t row, uint32_t parts) {
        return keys.isNull(row) ? 0 : partOf(keys.holder(), keys.holderRow(row), parts);
    }
    // The dimension's row for row `row` of a column.
    uint32_t find(const vector::Column& column, uint32_t row) const;

  private:
    uint32_t findInteger(int64_t value) const;
    uint32_t findBytes(const void* data, size_t size) const;
    void insert(uint32_t row);
    template <class T>
    void findFlat(const vector::Column& column, const Selection& selection, uint32_t* found) const;

    vector::Column keys_;
    bool duplicates_ = false;
    // Integers close together: the row + 1 for each value from smallest_ on.
    int64_t smallest_ = 0;
    std::pmr::vector<uint32_t> direct_;
    // Otherwise: open addressing, row + 1; a power of two of slots.
    std::pmr::vector<uint32_t> slots_;
    // What was found for the entries of the last dictionary.
    uint64_t dictionary_ = 0;
    std::pmr::vector<uint32_t> entries_;
};

// A column of the dimension, as blocks for the rows that a LookupTable found.
class LookedUpColumn {
  public:
    // `poll` is called now and then and may throw.
    LookedUpColumn(const vector::Column& values, std::pmr::memory_resource* resource,
                   void (*poll)());
    // The key: rows that are found have each another one. The table outlives this, and keeps them.
    LookedUpColumn(const LookupTable& table, std::pmr::memory_resource* resource);

    // Makes `out` the values of the dimension's rows found[0 .. rows); NULL where none was found.
    void read(const uint32_t* found, uint32_t rows, vector::Block& out) const;

  private:
    // The code of row `row`'s value, which becomes an entry when it is none.
    uint32_t codeOf(const vector::Column& values, uint32_t row, std::pmr::vector<uint32_t>& slots);

    const vector::Column* keys_ = nullptr;  // of the table; a row's number is its code then
    vector::Column entries_;                // distinct, not NULL
    std::pmr::vector<uint32_t> codes_;      // of the dimension's rows
    uint64_t dictionary_;
};

}  // namespace footfall::scan
