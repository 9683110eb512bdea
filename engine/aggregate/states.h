// The states of aggregates. Each is valid as zero bytes, which is the state of no row.
#pragma once

#include <cmath>
#include <cstdint>

#include "engine/aggregate/aggregate_spec.h"
#include "engine/base/error.h"

namespace footfall::aggregate {

// A 128-bit sum that needs no more than eight-byte alignment.
struct WideSum {
    uint64_t low;
    int64_t high;

    Int128 value() const noexcept {
        return static_cast<Int128>(
            static_cast<unsigned __int128>(static_cast<uint64_t>(high)) << 64 | low);
    }
    void add(Int128 more) noexcept {
        const Int128 sum = static_cast<Int128>(static_cast<unsigned __int128>(value()) +
                                               static_cast<unsigned __int128>(more));
        low = static_cast<uint64_t>(sum);
        high = static_cast<int64_t>(sum >> 64);
    }
};

// A sum with the error made so far (Knuth's two-sum), so that it is as good as one in twice the
// precision.
struct ExactSum {
    double sum;
    double error;

    void add(double x) noexcept {
        const double before = sum;
        const double after = before + x;
        const double part = after - before;
        error += (before - (after - part)) + (x - part);
        sum = after;
    }
    double value() const noexcept { return std::isfinite(sum) ? sum + error : sum; }
};

struct CountState {
    int64_t count;
};
// Sum and Average of Int16 and Int32: fewer than 2^32 rows cannot overflow 64 bits.
struct IntegerSumState {
    int64_t count;
    int64_t sum;
};
struct WideSumState {
    int64_t count;
    WideSum sum;
};
// PostgreSQL's avg(float8) keeps the sum of squared distances to the mean, too, and fails when that
// overflows. Only values from kLarge on, with those that follow, can bring that about: from the
// first of them on it is kept as PostgreSQL does; what went before cannot be seen beside them.
struct FloatSumState {
    static constexpr int64_t kNotFinite = 1;  // an input was not finite: then the sum may be, too
    static constexpr int64_t kLarge = 2;      // an average's input was large: `squares` counts
    static constexpr double kLargest = 0x1p465;

    int64_t count;
    ExactSum sum;
    int64_t flags;
    double squares;

    bool notFinite() const noexcept { return (flags & kNotFinite) != 0; }
    // Any value. Finite ones below kLargest may be added to `count` and `sum` while no flag is set.
    void add(double x, bool average);
    void merge(const FloatSumState& other);
    // Throws the overflow of finite inputs.
    double value() const;
};
struct IntegerBoundState {
    int64_t count;
    int64_t value;
};
struct FloatBoundState {
    int64_t count;
    double value;
};
// The bytes live in the store's arena.
struct BytesBoundState {
    int64_t count;
    char* data;
    uint32_t size;
    uint32_t capacity;
};
struct IntegerVarianceState {
    int64_t count;
    WideSum sum;
    WideSum squares;
};
// As PostgreSQL's float8_accum (Youngs and Cramer).
struct FloatVarianceState {
    int64_t count;
    double sum;
    double squares;  // of the distance to the mean

    void add(double x);
    void merge(const FloatVarianceState& other);
};
struct RegressionState {
    int64_t count;
    double sx, sxx, sy, syy, sxy;

    void add(double x, double y);
    void merge(const RegressionState& other);
};

}  // namespace footfall::aggregate
