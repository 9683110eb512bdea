#include "engine/encoding/distinct_values.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "engine/base/hash.h"

namespace footfall::encoding {
namespace {

// Open addressing over codes; slots hold code + 1 beside bits of the hash.
class CodeTable {
  public:
    CodeTable() : slots_(size_t{1} << 10), mask_(slots_.size() - 1) {}

    // Finds the code of a value with this hash for which equals(code) holds, or adds `fresh`.
    template <class Equals>
    uint32_t findOrAdd(uint64_t hash, uint32_t fresh, Equals equals) {
        const auto tag = static_cast<uint32_t>(hash >> 32);
        size_t at = hash & mask_;
        while (slots_[at].code != 0) {
            if (slots_[at].tag == tag && equals(slots_[at].code - 1))
                return slots_[at].code - 1;
            at = (at + 1) & mask_;
        }
        slots_[at] = {fresh + 1, tag, hash};
        if (++used_ * 2 > slots_.size())
            grow();
        return fresh;
    }

  private:
    struct Slot {
        uint32_t code = 0;
        uint32_t tag = 0;
        uint64_t hash = 0;
    };
    void grow() {
        std::vector<Slot> old(slots_.size() * 4);
        old.swap(slots_);
        mask_ = slots_.size() - 1;
        for (const Slot& slot : old) {
            if (slot.code == 0)
                continue;
            size_t at = slot.hash & mask_;
            while (slots_[at].code != 0)
                at = (at + 1) & mask_;
            slots_[at] = slot;
        }
    }

    std::vector<Slot> slots_;
    size_t mask_;
    size_t used_ = 0;
};

// memcmp's answer for equal sizes, without the call for short values.
bool equalBytes(std::string_view a, std::string_view b) {
    if (a.size() != b.size())
        return false;
    const size_t size = a.size();
    const auto load = [](const char* at, auto word) {
        std::memcpy(&word, at, sizeof(word));
        return word;
    };
    if (size > 16)
        return std::memcmp(a.data(), b.data(), size) == 0;
    if (size >= 8) {
        const uint64_t word = 0;
        return load(a.data(), word) == load(b.data(), word) &&
               load(a.data() + size - 8, word) == load(b.data() + size - 8, word);
    }
    if (size >= 4) {
        const uint32_t word = 0;
        return load(a.data(), word) == load(b.data(), word) &&
               load(a.data() + size - 4, word) == load(b.data() + size - 4, word);
    }
    for (size_t i = 0; i < size; ++i) {
        if (a[i] != b[i])
            return false;
    }
    return true;
}

template <class T>
uint64_t wordOf(T value) {
    return static_cast<uint64_t>(static_cast<int64_t>(value));
}

// One pass over the rows: `hashOf(row)` and `same(row, otherRow)` define the values.
template <class HashOf, class Same>
void scan(const vector::Column& column, uint32_t limit, HashOf hashOf, Same same,
          DistinctValues& result) {
    const uint32_t rows = column.size();
    CodeTable table;
    auto& codes = result.codes;
    auto& representatives = result.representatives;
    codes.resize(rows);
    uint32_t previous = 0;
    bool havePrevious = false;
    for (uint32_t row = 0; row < rows; ++row) {
        if (column.isNull(row)) {
            codes[row] = UINT32_MAX;
            result.hasNull = true;
            havePrevious = false;
            continue;
        }
        if (havePrevious && same(row, row - 1)) {
            codes[row] = previous;
            continue;
        }
        const auto fresh = static_cast<uint32_t>(representatives.size());
        const uint32_t code = table.findOrAdd(
            hashOf(row), fresh, [&](uint32_t known) { return same(row, representatives[known]); });
        if (code == fresh) {
            if (fresh >= limit) {
                result = DistinctValues{};
                return;
            }
            representatives.push_back(row);
        }
        codes[row] = code;
        previous = code;
        havePrevious = true;
    }
    result.complete = true;
}

template <class T>
void scanFixed(const vector::Column& column, uint32_t limit, DistinctValues& result) {
    const T* values = column.values<T>();
    scan(
        column, limit, [&](uint32_t row) { return base::hashInteger(wordOf(values[row])); },
        [&](uint32_t a, uint32_t b) { return values[a] == values[b]; }, result);
}

// Orders codes by value and renumbers.
void sortCodes(const vector::Column& column, DistinctValues& result) {
    auto& representatives = result.representatives;
    const uint32_t count = result.count();
    std::vector<uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    const vector::ColumnType type = column.type();
    if (type.isInteger()) {
        std::vector<int64_t> keys(count);
        for (uint32_t i = 0; i < count; ++i)
            keys[i] = column.integerAt(representatives[i]);
        std::sort(order.begin(), order.end(),
                  [&](uint32_t a, uint32_t b) { return keys[a] < keys[b]; });
    } else if (type.isBytes()) {
        std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
            return column.bytesAt(representatives[a]) < column.bytesAt(representatives[b]);
        });
    } else {
        std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
            return std::memcmp(column.fixedAt(representatives[a]),
                               column.fixedAt(representatives[b]), type.width) < 0;
        });
    }
    std::vector<uint32_t> renumbered(count);
    std::vector<uint32_t> sorted(count);
    for (uint32_t i = 0; i < count; ++i) {
        renumbered[order[i]] = i;
        sorted[i] = representatives[order[i]];
    }
    representatives.swap(sorted);
    for (uint32_t& code : result.codes)
        code = code == UINT32_MAX ? count : renumbered[code];
}

template <class T>
bool runsOf(const T* values, uint32_t rows, uint32_t limit, std::vector<uint32_t>& ends) {
    for (uint32_t row = 1; row < rows; ++row) {
        if (values[row] == values[row - 1])
            continue;
        if (ends.size() >= limit)
            return false;
        ends.push_back(row);
    }
    return true;
}

bool runsOfRows(const vector::Column& column, uint32_t limit, std::vector<uint32_t>& ends) {
    for (uint32_t row = 1; row < column.size(); ++row) {
        if (column.rowEquals(row, column, row - 1))
            continue;
        if (ends.size() >= limit)
            return false;
        ends.push_back(row);
    }
    return true;
}

bool scanRuns(const vector::Column& column, const DistinctValues& distinct, uint32_t limit,
              std::vector<uint32_t>& ends) {
    const uint32_t rows = column.size();
    if (distinct.complete)
        return runsOf(distinct.codes.data(), rows, limit, ends);
    if (column.type().isBytes() || column.nullCount() != 0) {
        return runsOfRows(column, limit, ends);
    }
    switch (column.type().width) {
        case 1:
            return runsOf(column.values<uint8_t>(), rows, limit, ends);
        case 2:
            return runsOf(column.values<uint16_t>(), rows, limit, ends);
        case 4:
            return runsOf(column.values<uint32_t>(), rows, limit, ends);
        case 8:
            return runsOf(column.values<uint64_t>(), rows, limit, ends);
        default:
            return runsOfRows(column, limit, ends);
    }
}

// Whether a sample of neighbours leaves it possible that there are no more than `limit` runs.
bool runsPossible(const vector::Column& column, uint32_t limit) {
    constexpr uint32_t kSample = 512;
    const uint32_t rows = column.size();
    if (rows < 8 * kSample)
        return true;
    uint32_t changes = 0;
    for (uint32_t i = 0; i < kSample; ++i) {
        const auto row = static_cast<uint32_t>(uint64_t{i} * (rows - 1) / kSample);
        changes += column.rowEquals(row, column, row + 1) ? 0 : 1;
    }
    // Twice the expected share is beyond chance.
    return uint64_t{changes} * rows <= uint64_t{2} * limit * kSample;
}

}  // namespace

DistinctValues findDistinct(const vector::Column& column, uint32_t limit) {
    DistinctValues result;
    const vector::ColumnType type = column.type();
    if (type.isBytes()) {
        scan(
            column, limit,
            [&](uint32_t row) {
                const auto value = column.bytesAt(row);
                return base::hashBytes(value.data(), value.size());
            },
            [&](uint32_t a, uint32_t b) {
                return equalBytes(column.bytesAt(a), column.bytesAt(b));
            },
            result);
    } else {
        switch (type.width) {
            case 1:
                scanFixed<uint8_t>(column, limit, result);
                break;
            case 2:
                scanFixed<uint16_t>(column, limit, result);
                break;
            case 4:
                scanFixed<uint32_t>(column, limit, result);
                break;
            case 8:
                scanFixed<uint64_t>(column, limit, result);
                break;
            default:
                scan(
                    column, limit,
                    [&](uint32_t row) { return base::hashBytes(column.fixedAt(row), type.width); },
                    [&](uint32_t a, uint32_t b) {
                        return std::memcmp(column.fixedAt(a), column.fixedAt(b), type.width) == 0;
                    },
                    result);
        }
    }
    if (result.complete)
        sortCodes(column, result);
    return result;
}

std::vector<uint32_t> findRuns(const vector::Column& column, const DistinctValues& distinct,
                               uint32_t limit) {
    std::vector<uint32_t> ends;
    if (column.size() == 0 || !runsPossible(column, limit))
        return ends;
    if (scanRuns(column, distinct, limit, ends) && ends.size() < limit) {
        ends.push_back(column.size());
    } else {
        ends.clear();
    }
    return ends;
}

double sampleDistinctShare(const vector::Column& column) {
    constexpr uint32_t kSample = 1024;
    const uint32_t rows = column.size();
    const uint32_t count = std::min(rows, kSample);
    std::vector<uint64_t> hashes;
    hashes.reserve(count);
    for (uint32_t i = 0; i < count; ++i) {
        const auto row = static_cast<uint32_t>(uint64_t{i} * rows / count);
        if (column.isNull(row))
            continue;
        if (column.type().isBytes()) {
            const auto value = column.bytesAt(row);
            hashes.push_back(base::hashBytes(value.data(), value.size()));
        } else {
            hashes.push_back(base::hashBytes(column.fixedAt(row), column.type().width));
        }
    }
    if (hashes.empty())
        return 0;
    std::sort(hashes.begin(), hashes.end());
    const auto distinct = std::unique(hashes.begin(), hashes.end()) - hashes.begin();
    return static_cast<double>(distinct) / static_cast<double>(hashes.size());
}

}  // namespace footfall::encoding
