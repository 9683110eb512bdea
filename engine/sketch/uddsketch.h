// Percentiles with a relative error: UDDSketch (Epicoco et al. 2020).
//
// A value x > 0 falls into bucket ceil(log(x) / log(gamma)), gamma = (1 + error) / (1 - error); the
// middle of a bucket is off by the error at most. When there are more buckets than allowed, each
// two neighbours become one: gamma is squared, and the error grows to 2e / (1 + e^2). How often
// that happens depends on the values alone, so the sketch does not depend on the order of rows;
// only the sum behind mean() rounds as sums of floats do. Negative values mirror the positive ones;
// zero, the infinities and NaN have buckets of their own. NaN is greater than everything, as in
// SQL.
#pragma once

#include <cstdint>
#include <limits>
#include <memory_resource>
#include <optional>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"

namespace footfall::sketch {

class UddSketch {
  public:
    static constexpr int64_t kMinBuckets = 16;
    static constexpr int64_t kMaxBuckets = 8192;
    static constexpr int64_t kDefaultBuckets = 2048;
    static constexpr double kMinError = 1e-6;
    static constexpr double kMaxError = 0.5;
    static constexpr double kDefaultError = 0.001;

    explicit UddSketch(std::pmr::memory_resource* resource) : buckets_(resource) {}

    // The first parameters are kept; others in the same group, or such that are out of range, throw
    // BadArgument.
    void setParameters(int64_t maxBuckets, double maxError);
    bool hasParameters(int64_t maxBuckets, double maxError) const noexcept {
        return maxBuckets_ == maxBuckets && maxError_ == maxError;
    }

    // Needs parameters. False when the value needs a new bucket: then add().
    bool tryAdd(double value) noexcept;
    void add(double value);

    uint64_t count() const noexcept { return count_; }
    // Of the values that the buckets have now: what was asked for, or more after neighbours met.
    double error() const noexcept;
    // Of no value: none. OutOfRange when the sum of finite values is not.
    std::optional<double> mean() const;
    // The smallest value with at least the fraction `p` of the values not above it, as
    // percentile_disc defines it; of no value: none. BadArgument outside of 0 to 1.
    std::optional<double> percentile(double p) const;

    void pack(base::ByteWriter& writer) const;
    // Adds a packed sketch. BadArgument when both hold values and the parameters differ.
    void unpack(base::ByteReader& reader, size_t limit);

  private:
    // Keys are in the order of their values.
    struct Bucket {
        int32_t key;
        uint64_t count;
    };
    using Buckets = std::pmr::vector<Bucket>;

    int32_t keyOf(double value) const noexcept;
    double valueOf(int32_t key) const noexcept;
    double halfLogGamma() const noexcept;
    void note(double value) noexcept;
    void collapse();
    void limitBuckets();
    void adoptParameters(int64_t maxBuckets, double maxError, bool otherEmpty);
    // Whether there are other buckets than NaN's.
    bool unpackBuckets(base::ByteReader& reader, uint32_t size, uint32_t collapses);

    int64_t maxBuckets_ = 0;  // 0: not set yet
    double maxError_ = 0;
    double logGamma_ = 0;  // before any collapse
    uint32_t collapses_ = 0;
    uint64_t count_ = 0;
    double sum_ = 0;
    double least_ = std::numeric_limits<double>::infinity();  // NaN left out
    double greatest_ = -std::numeric_limits<double>::infinity();
    Buckets buckets_;  // sorted by key
};

}  // namespace footfall::sketch
