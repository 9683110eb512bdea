#include "engine/segment/sort_permutation.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "engine/segment/bound.h"

namespace footfall::segment {
namespace {

constexpr unsigned kDigitBits = 11;
constexpr size_t kDigits = size_t{1} << kDigitBits;

// One stable radix pass of `order` by eleven bits of `keys`.
void radixPass(const std::vector<uint64_t>& keys, unsigned shift, std::span<uint32_t> order,
               std::vector<uint32_t>& scratch) {
    std::array<uint32_t, kDigits> starts{};
    for (const uint32_t row : order)
        ++starts[keys[row] >> shift & (kDigits - 1)];
    uint32_t sum = 0;
    for (uint32_t& start : starts)
        sum += std::exchange(start, sum);
    for (const uint32_t row : order)
        scratch[starts[keys[row] >> shift & (kDigits - 1)]++] = row;
    std::copy(scratch.begin(), scratch.end(), order.begin());
}

// Stable sort of `order` by 64-bit keys: nothing when sorted already, else radix passes over the
// bits that vary.
void sortByKeys(std::vector<uint64_t>& keys, std::span<uint32_t> order,
                std::vector<uint32_t>& scratch) {
    const auto ascending = [&](uint32_t a, uint32_t b) { return keys[a] < keys[b]; };
    if (std::is_sorted(order.begin(), order.end(), ascending))
        return;
    const uint64_t least = *std::min_element(keys.begin(), keys.end());
    const uint64_t range = *std::max_element(keys.begin(), keys.end()) - least;
    for (uint64_t& key : keys)
        key -= least;
    scratch.resize(order.size());
    for (unsigned shift = 0; shift < 64 && range >> shift != 0; shift += kDigitBits) {
        radixPass(keys, shift, order, scratch);
    }
}

// Exact 64-bit keys, or (bytes, and columns with NULLs) ranks of the distinct values.
std::vector<uint64_t> exactKeys(const vector::Column& column) {
    const uint32_t rows = column.size();
    std::vector<uint64_t> keys(rows);
    if (boundKind(column.type()) != BoundKind::Bytes && column.nullCount() == 0) {
        for (uint32_t row = 0; row < rows; ++row)
            keys[row] = orderKey(Scalar::at(column, row));
        return keys;
    }
    std::vector<uint32_t> order(rows);
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(),
              [&](uint32_t a, uint32_t b) { return compareRows(column, a, column, b) < 0; });
    uint64_t rank = 0;
    for (uint32_t i = 0; i < rows; ++i) {
        if (i != 0 && compareRows(column, order[i - 1], column, order[i]) != 0)
            ++rank;
        keys[order[i]] = rank;
    }
    return keys;
}

}  // namespace

int compareRows(const vector::Column& a, uint32_t rowA, const vector::Column& b, uint32_t rowB) {
    const bool nullA = a.isNull(rowA);
    const bool nullB = b.isNull(rowB);
    if (nullA || nullB)
        return static_cast<int>(nullA) - static_cast<int>(nullB);
    return compare(Scalar::at(a, rowA), Scalar::at(b, rowB));
}

int compareRows(std::span<const vector::Column> columns, std::span<const uint32_t> keys, uint32_t a,
                uint32_t b) {
    for (const uint32_t key : keys) {
        const int order = compareRows(columns[key], a, columns[key], b);
        if (order != 0)
            return order;
    }
    return 0;
}

std::pmr::vector<uint32_t> sortPermutation(std::span<const vector::Column> columns,
                                           std::span<const uint32_t> keys,
                                           std::pmr::memory_resource* resource) {
    const uint32_t rows = columns.empty() ? 0 : columns[0].size();
    std::pmr::vector<uint32_t> order(rows, resource);
    std::iota(order.begin(), order.end(), 0U);
    if (rows < 2)
        return order;
    for (const uint32_t key : keys) {
        if (key >= columns.size() || columns[key].size() != rows) {
            base::throwBadArgument("sort key %u of %zu columns", key, columns.size());
        }
    }
    // Stable sorts by the last key first leave the rows ordered by the first.
    std::vector<uint32_t> scratch;
    for (size_t k = keys.size(); k-- > 0;) {
        std::vector<uint64_t> exact = exactKeys(columns[keys[k]]);
        sortByKeys(exact, order, scratch);
    }
    return order;
}

}  // namespace footfall::segment
