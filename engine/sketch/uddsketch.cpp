// See uddsketch.h.
#include "engine/sketch/uddsketch.h"

#include <algorithm>
#include <cmath>

#include "engine/sketch/sketch_format.h"

namespace footfall::sketch {

namespace {

constexpr uint8_t kVersion = 1;

// A bucket's number, at most 745 / log(gamma) < 4e8, moved away from zero by this, with the value's
// sign.
constexpr int32_t kOffset = 1 << 30;
constexpr int32_t kMaxNumber = 400'000'000;
constexpr int32_t kNegativeInfinity = INT32_MIN;
constexpr int32_t kZero = 0;
constexpr int32_t kInfinity = INT32_MAX - 1;
constexpr int32_t kNaN = INT32_MAX;
// From here on every bucket number is 0 or 1.
constexpr uint32_t kMaxCollapses = 31;
constexpr uint64_t kMaxCount = uint64_t{1} << 62;

[[noreturn]] void throwTooMany() {
    throw base::Error(base::ErrorKind::OutOfRange, "too many values for a uddsketch");
}

bool isSpecial(int32_t key) {
    return key == kNegativeInfinity || key == kZero || key >= kInfinity;
}

// Of a key after `collapses` collapses.
bool isPossible(int32_t key, uint32_t collapses) {
    const int64_t number = std::abs(int64_t{key}) - kOffset;
    const int64_t most = (kMaxNumber >> collapses) + 1;
    return isSpecial(key) || (number >= -most && number <= most);
}

// The number of the bucket that takes in bucket `number` after `times` collapses: ceil(n /
// 2^times).
int32_t collapsed(int64_t number, uint32_t times) {
    return static_cast<int32_t>((number + (int64_t{1} << times) - 1) >> times);
}

int32_t collapsedKey(int32_t key, uint32_t times) {
    if (isSpecial(key))
        return key;
    return key > 0 ? kOffset + collapsed(int64_t{key} - kOffset, times)
                   : -(kOffset + collapsed(-int64_t{key} - kOffset, times));
}

}  // namespace

void UddSketch::setParameters(int64_t maxBuckets, double maxError) {
    if (maxBuckets_ != 0 && !hasParameters(maxBuckets, maxError))
        base::throwBadArgument("the parameters of the uddsketch vary within a group");
    if (maxBuckets < kMinBuckets || maxBuckets > kMaxBuckets) {
        base::throwBadArgument(
            "a uddsketch has %lld to %lld buckets, not %lld", static_cast<long long>(kMinBuckets),
            static_cast<long long>(kMaxBuckets), static_cast<long long>(maxBuckets));
    }
    if (!(maxError >= kMinError && maxError <= kMaxError)) {
        base::throwBadArgument("the error of a uddsketch is %g to %g, not %g", kMinError, kMaxError,
                               maxError);
    }
    maxBuckets_ = maxBuckets;
    maxError_ = maxError;
    logGamma_ = 2.0 * std::atanh(maxError);
}

int32_t UddSketch::keyOf(double value) const noexcept {
    if (std::isnan(value))
        return kNaN;
    if (std::isinf(value))
        return value > 0 ? kInfinity : kNegativeInfinity;
    if (value == 0)
        return kZero;
    const auto number = static_cast<int64_t>(std::ceil(std::log(std::fabs(value)) / logGamma_));
    const int32_t key = kOffset + collapsed(number, collapses_);
    return value > 0 ? key : -key;
}

double UddSketch::halfLogGamma() const noexcept {
    return std::ldexp(logGamma_ / 2.0, static_cast<int>(collapses_));
}

// The middle of a bucket (gamma^(n-1), gamma^n]: 2 gamma^n / (gamma + 1), in logarithms, as gamma
// may be beyond a double.
double UddSketch::valueOf(int32_t key) const noexcept {
    if (key == kNaN)
        return std::numeric_limits<double>::quiet_NaN();
    if (key == kInfinity)
        return std::numeric_limits<double>::infinity();
    if (key == kNegativeInfinity)
        return -std::numeric_limits<double>::infinity();
    if (key == kZero)
        return 0.0;
    const double gamma = 2.0 * halfLogGamma();
    const auto number = static_cast<double>(std::abs(int64_t{key}) - kOffset);
    const double middle =
        std::exp((number - 1.0) * gamma + std::log(2.0) - std::log1p(std::exp(-gamma)));
    return std::clamp(key > 0 ? middle : -middle, least_, greatest_);
}

double UddSketch::error() const noexcept {
    return collapses_ == 0 ? maxError_ : std::tanh(halfLogGamma());
}

void UddSketch::note(double value) noexcept {
    ++count_;
    sum_ += value;
    if (!std::isnan(value)) {
        least_ = std::min(least_, value);
        greatest_ = std::max(greatest_, value);
    }
}

bool UddSketch::tryAdd(double value) noexcept {
    const int32_t key = keyOf(value);
    const auto at = std::ranges::lower_bound(buckets_, key, {}, &Bucket::key);
    if (at == buckets_.end() || at->key != key || count_ >= kMaxCount)
        return false;
    ++at->count;
    note(value);
    return true;
}

void UddSketch::add(double value) {
    if (tryAdd(value))
        return;
    if (count_ >= kMaxCount)
        throwTooMany();
    const int32_t key = keyOf(value);
    buckets_.insert(std::ranges::lower_bound(buckets_, key, {}, &Bucket::key), {key, 1});
    note(value);
    limitBuckets();
}

void UddSketch::collapse() {
    ++collapses_;
    size_t kept = 0;
    for (const Bucket& bucket : buckets_) {
        const int32_t key = collapsedKey(bucket.key, 1);
        if (kept > 0 && buckets_[kept - 1].key == key)
            buckets_[kept - 1].count += bucket.count;
        else
            buckets_[kept++] = {key, bucket.count};
    }
    buckets_.resize(kept);
}

void UddSketch::limitBuckets() {
    // Ends: at kMaxCollapses there are eight buckets at most.
    while (buckets_.size() > static_cast<size_t>(maxBuckets_))
        collapse();
}

std::optional<double> UddSketch::mean() const {
    if (count_ == 0)
        return std::nullopt;
    if (std::isinf(sum_) && !std::isinf(least_) && !std::isinf(greatest_))
        throw base::Error(base::ErrorKind::OutOfRange, "value out of range: overflow");
    return sum_ / static_cast<double>(count_);
}

std::optional<double> UddSketch::percentile(double p) const {
    if (!(p >= 0.0 && p <= 1.0))
        base::throwBadArgument("a percentile is a fraction from 0 to 1, not %g", p);
    if (count_ == 0)
        return std::nullopt;
    const double wanted = std::ceil(p * static_cast<double>(count_));
    const uint64_t rank = std::clamp(static_cast<uint64_t>(wanted), uint64_t{1}, count_);
    // Both ends are known exactly.
    const uint64_t numbers = buckets_.back().key == kNaN ? count_ - buckets_.back().count : count_;
    if (rank == 1 && numbers > 0)
        return least_;
    if (rank == numbers)
        return greatest_;
    uint64_t below = 0;
    for (const Bucket& bucket : buckets_) {
        below += bucket.count;
        if (below >= rank)
            return valueOf(bucket.key);
    }
    base::throwInternal("a uddsketch counts %llu values and has %llu",
                        static_cast<unsigned long long>(count_),
                        static_cast<unsigned long long>(below));
}

void UddSketch::pack(base::ByteWriter& writer) const {
    writeHeader(writer, SketchKind::UddSketch, kVersion);
    writer.varint(static_cast<uint64_t>(maxBuckets_));
    writer.write(maxError_);
    writer.varint(buckets_.size());
    if (buckets_.empty())
        return;
    writer.u8(static_cast<uint8_t>(collapses_));
    writer.write(sum_);
    writer.write(least_);
    writer.write(greatest_);
    int64_t before = INT32_MIN;
    for (const Bucket& bucket : buckets_) {
        writer.varint(static_cast<uint64_t>(bucket.key - before));
        writer.varint(bucket.count);
        before = bucket.key;
    }
}

void UddSketch::adoptParameters(int64_t maxBuckets, double maxError, bool otherEmpty) {
    if (maxBuckets_ == 0 || (buckets_.empty() && !otherEmpty)) {
        maxBuckets_ = 0;
        setParameters(maxBuckets, maxError);
    } else if (hasParameters(maxBuckets, maxError)) {
        return;
    } else if (buckets_.empty()) {
        // Of two empty ones the coarser, so that their order does not matter.
        maxBuckets = std::min(maxBuckets_, maxBuckets);
        maxError = std::max(maxError_, maxError);
        maxBuckets_ = 0;
        setParameters(maxBuckets, maxError);
    } else if (!otherEmpty) {
        throw base::Error(base::ErrorKind::BadArgument,
                          "uddsketches with different parameters cannot be merged")
            .withDetail("One has at most %lld buckets and the error %g, the other %lld and %g.",
                        static_cast<long long>(maxBuckets_), maxError_,
                        static_cast<long long>(maxBuckets), maxError);
    }
}

bool UddSketch::unpackBuckets(base::ByteReader& reader, uint32_t size, uint32_t collapses) {
    while (collapses_ < collapses)
        collapse();
    const uint32_t times = collapses_ - collapses;
    Buckets merged(buckets_.get_allocator());
    merged.reserve(buckets_.size() + size);
    const auto append = [&](int32_t key, uint64_t count) {
        if (!merged.empty() && merged.back().key == key)
            merged.back().count += count;
        else
            merged.push_back({key, count});
    };
    auto own = buckets_.begin();
    bool numbers = false;
    uint64_t total = 0;
    int64_t before = INT32_MIN;
    for (uint32_t i = 0; i < size; ++i) {
        const uint64_t distance = reader.varintUpTo(UINT32_MAX, "distance of two buckets");
        const int64_t stored = before + static_cast<int64_t>(distance);
        const uint64_t count = reader.varintUpTo(kMaxCount, "count of a bucket");
        if (stored > INT32_MAX || (i > 0 && distance == 0) || count == 0 ||
            !isPossible(static_cast<int32_t>(stored), collapses)) {
            base::throwCorrupt("a uddsketch has an impossible bucket");
        }
        before = stored;
        numbers = numbers || stored != kNaN;
        const int32_t key = collapsedKey(static_cast<int32_t>(stored), times);
        for (; own != buckets_.end() && own->key <= key; ++own)
            append(own->key, own->count);
        append(key, count);
        total += count;
        if (total > kMaxCount)
            base::throwCorrupt("a uddsketch has impossible counts");
    }
    for (; own != buckets_.end(); ++own)
        append(own->key, own->count);
    buckets_.swap(merged);
    count_ += total;
    if (count_ > kMaxCount)
        throwTooMany();
    return numbers;
}

void UddSketch::unpack(base::ByteReader& reader, size_t) {
    readHeader(reader, SketchKind::UddSketch, kVersion);
    const auto maxBuckets =
        static_cast<int64_t>(reader.varintUpTo(kMaxBuckets, "number of buckets"));
    const auto maxError = reader.read<double>();
    if (maxBuckets < kMinBuckets || !(maxError >= kMinError && maxError <= kMaxError))
        base::throwCorrupt("a uddsketch has impossible parameters");
    const auto size = static_cast<uint32_t>(
        reader.varintUpTo(static_cast<uint64_t>(maxBuckets), "number of buckets"));
    adoptParameters(maxBuckets, maxError, size == 0);
    if (size != 0) {
        const uint32_t collapses = reader.u8();
        if (collapses > kMaxCollapses)
            base::throwCorrupt("a uddsketch has collapsed %u times", collapses);
        sum_ += reader.read<double>();
        const auto least = reader.read<double>();
        const auto greatest = reader.read<double>();
        if (std::isnan(least) || std::isnan(greatest))
            base::throwCorrupt("a uddsketch has an impossible range");
        least_ = std::min(least_, least);
        greatest_ = std::max(greatest_, greatest);
        const bool numbers = unpackBuckets(reader, size, collapses);
        if (numbers ? least > greatest : least <= greatest)
            base::throwCorrupt("a uddsketch has an impossible range");
        limitBuckets();
    }
    reader.expectEnd();
}

}  // namespace footfall::sketch
