// Rows of (column, value), one behind another.
//
// The entries of row i stand in [starts[i], starts[i + 1]). `values` is empty where only the
// columns matter.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace footfall::recommendation {

struct SparseMatrix {
    uint32_t width = 0;
    std::vector<uint64_t> starts = {0};
    std::vector<uint32_t> columns;
    std::vector<float> values;

    uint32_t rows() const { return static_cast<uint32_t>(starts.size() - 1); }
    size_t entriesOf(uint32_t row) const { return starts[row + 1] - starts[row]; }
    std::span<const uint32_t> columnsOf(uint32_t row) const {
        return std::span(columns).subspan(starts[row], entriesOf(row));
    }
    std::span<const float> valuesOf(uint32_t row) const {
        return std::span(values).subspan(starts[row], entriesOf(row));
    }
    void add(uint32_t column, float value) {
        columns.push_back(column);
        values.push_back(value);
    }
    void endRow() { starts.push_back(columns.size()); }

    // Rows become columns; the new rows' columns rise.
    SparseMatrix transposed() const {
        SparseMatrix result;
        result.width = rows();
        result.starts.assign(width + size_t{1}, 0);
        for (const uint32_t column : columns)
            result.starts[column + size_t{1}]++;
        for (size_t i = 1; i <= width; i++)
            result.starts[i] += result.starts[i - 1];
        result.columns.resize(columns.size());
        result.values.resize(values.size());
        std::vector<uint64_t> next(result.starts.begin(), result.starts.end() - 1);
        for (uint32_t row = 0; row < rows(); row++) {
            for (uint64_t i = starts[row]; i < starts[row + size_t{1}]; i++) {
                const uint64_t place = next[columns[i]]++;
                result.columns[place] = row;
                if (!values.empty())
                    result.values[place] = values[i];
            }
        }
        return result;
    }
};

}  // namespace footfall::recommendation
