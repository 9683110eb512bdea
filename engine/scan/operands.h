// Blocks as arrays of one number type, for kernels.
//
// A kernel runs over all rows of a batch when at least half of them are selected (values at other
// positions are garbage, not traps), else over the selected ones only.
#pragma once

#include <cstdint>

#include "engine/base/buffer.h"
#include "engine/scan/batch.h"
#include "engine/scan/row_mask.h"
#include "engine/vector/block.h"

namespace footfall::scan {

inline bool isDense(const Selection& selection, uint32_t rows) noexcept {
    return selection.count() * 2 >= rows;
}

template <class Body>
void forRows(const Selection& selection, uint32_t rows, Body&& body) {
    if (isDense(selection, rows)) {
        for (uint32_t row = 0; row < rows; ++row)
            body(row);
    } else {
        const uint16_t* selected = selection.rows();
        const uint32_t count = selection.count();
        for (uint32_t i = 0; i < count; ++i)
            body(selected[i]);
    }
}

template <class Body>
void forSelected(const Selection& selection, Body&& body) {
    const uint32_t count = selection.count();
    if (selection.all()) {
        for (uint32_t row = 0; row < count; ++row)
            body(row);
    } else {
        const uint16_t* selected = selection.rows();
        for (uint32_t i = 0; i < count; ++i)
            body(static_cast<uint32_t>(selected[i]));
    }
}

// Adds the NULL rows of the first `rows`; whether there may be any. Bits of unselected rows mean
// nothing.
bool addNulls(const vector::Block& block, uint32_t rows, uint64_t* words) noexcept;

// One value for all rows, or one a row.
template <class T>
struct Operand {
    const T* values;
    bool constant;
    T operator[](uint32_t row) const noexcept { return values[constant ? 0 : row]; }
};

// The block's numbers as T, to which its type converts without loss or as a C cast does. `scratch`
// holds what had to be converted.
template <class T>
Operand<T> load(const vector::Block& block, const Selection& selection, base::Buffer& scratch);

extern template Operand<int16_t> load(const vector::Block&, const Selection&, base::Buffer&);
extern template Operand<int32_t> load(const vector::Block&, const Selection&, base::Buffer&);
extern template Operand<int64_t> load(const vector::Block&, const Selection&, base::Buffer&);
extern template Operand<float> load(const vector::Block&, const Selection&, base::Buffer&);
extern template Operand<double> load(const vector::Block&, const Selection&, base::Buffer&);

// Calls body(a, b, row) for rows of two operands, without a test for constants in the loop.
template <class T, class Body>
void forPairs(Operand<T> a, Operand<T> b, const Selection& selection, uint32_t rows, Body&& body) {
    const T* __restrict left = a.values;
    const T* __restrict right = b.values;
    if (b.constant) {
        const T value = *right;
        forRows(selection, rows, [&](uint32_t row) { body(left[row], value, row); });
    } else if (a.constant) {
        const T value = *left;
        forRows(selection, rows, [&](uint32_t row) { body(value, right[row], row); });
    } else {
        forRows(selection, rows, [&](uint32_t row) { body(left[row], right[row], row); });
    }
}

}  // namespace footfall::scan
