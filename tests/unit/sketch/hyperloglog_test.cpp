// HyperLogLog: its error over many cardinalities and precisions, and that its bytes depend on the
// set of values alone.
#include "engine/sketch/hyperloglog.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "engine/base/hash.h"

namespace footfall::sketch {
namespace {

HyperLogLog make(int64_t precision) {
    HyperLogLog sketch(std::pmr::new_delete_resource());
    sketch.setPrecision(precision);
    return sketch;
}

uint64_t hashOf(uint64_t value) {
    return base::hashBytes(&value, sizeof(value));
}

std::vector<std::byte> packed(const HyperLogLog& sketch) {
    base::ByteWriter writer;
    sketch.pack(writer);
    return {writer.bytes().begin(), writer.bytes().end()};
}

void merge(HyperLogLog& sketch, const std::vector<std::byte>& bytes) {
    base::ByteReader reader(bytes);
    sketch.unpack(reader, SIZE_MAX);
}

TEST(HyperLogLog, FewValuesAreCountedExactly) {
    HyperLogLog sketch = make(14);
    EXPECT_EQ(sketch.estimate(), 0U);
    for (uint64_t i = 1; i <= 2048; ++i) {
        sketch.add(hashOf(i));
        sketch.add(hashOf(i));
        ASSERT_EQ(sketch.estimate(), i);
    }
}

// Root mean square of the relative errors against the stated standard error, which it estimates
// from 60 trials (to about 9 % of it), and no bias beyond four standard deviations of a mean.
TEST(HyperLogLog, ErrorIsWhatItStates) {
    constexpr int kTrials = 60;
    for (const int64_t precision : {8, 10, 14}) {
        const double stated = make(precision).standardError();
        for (const uint64_t count : {20ULL, 300ULL, 3000ULL, 10000ULL, 40000ULL, 100000ULL}) {
            double squares = 0;
            double sum = 0;
            for (uint64_t trial = 0; trial < kTrials; ++trial) {
                HyperLogLog sketch = make(precision);
                for (uint64_t i = 0; i < count; ++i)
                    sketch.add(hashOf(trial << 32 | i));
                const double error =
                    static_cast<double>(sketch.estimate()) / static_cast<double>(count) - 1.0;
                squares += error * error;
                sum += error;
            }
            EXPECT_LT(std::sqrt(squares / kTrials), stated * 1.35) << precision << ' ' << count;
            EXPECT_LT(std::fabs(sum / kTrials), 4.0 * stated / std::sqrt(kTrials) + 0.5 / count)
                << precision << ' ' << count;
        }
    }
}

// Registers alone would be wrong by far at few values; the crossing from tokens must not jump.
TEST(HyperLogLog, NoJumpWhereTokensEnd) {
    HyperLogLog sketch = make(14);
    for (uint64_t i = 1; i <= 6000; ++i) {
        sketch.add(hashOf(i));
        ASSERT_NEAR(static_cast<double>(sketch.estimate()), static_cast<double>(i), 0.04 * i) << i;
    }
}

TEST(HyperLogLog, BytesDependOnTheSetAlone) {
    std::mt19937_64 random(7);
    for (const int64_t precision : {8, 9, 14, 18}) {
        for (const size_t count : {0, 1, 2, 3, 50, 2048, 2049, 5000, 60000}) {
            std::vector<uint64_t> values(count);
            for (uint64_t& value : values)
                value = random() % (count * 2);
            HyperLogLog rising = make(precision);
            HyperLogLog falling = make(precision);
            HyperLogLog parts[3] = {make(precision), make(precision), make(precision)};
            for (size_t i = 0; i < count; ++i) {
                rising.add(hashOf(values[i]));
                falling.add(hashOf(values[count - 1 - i]));
                parts[random() % 3].add(hashOf(values[i]));
            }
            HyperLogLog merged(std::pmr::new_delete_resource());
            for (const HyperLogLog& part : parts)
                merge(merged, packed(part));
            EXPECT_EQ(packed(rising), packed(falling));
            EXPECT_EQ(packed(rising), packed(merged)) << precision << ' ' << count;
            EXPECT_EQ(rising.estimate(), merged.estimate());
        }
    }
}

// A token and a hash must give the same register, at every precision.
TEST(HyperLogLog, TokensHoldWhatRegistersNeed) {
    for (int64_t precision = 8; precision <= 18; ++precision) {
        for (int bit = 0; bit < 64; ++bit) {
            const uint64_t hash = uint64_t{1} << bit;
            HyperLogLog early = make(precision);
            HyperLogLog late = make(precision);
            early.add(hash);
            for (uint64_t i = 0; i < 70000; ++i) {
                early.add(hashOf(i) | uint64_t{1} << 63);
                late.add(hashOf(i) | uint64_t{1} << 63);
            }
            late.add(hash);
            ASSERT_EQ(packed(early), packed(late)) << precision << ' ' << bit;
        }
    }
}

TEST(HyperLogLog, AnEmptySketchChangesNothing) {
    HyperLogLog sketch = make(12);
    merge(sketch, packed(make(14)));
    EXPECT_TRUE(sketch.hasPrecision(12));
    HyperLogLog filled = make(10);
    filled.add(hashOf(1));
    merge(sketch, packed(filled));
    EXPECT_TRUE(sketch.hasPrecision(10));
    merge(sketch, packed(make(14)));
    EXPECT_EQ(packed(sketch), packed(filled));
    HyperLogLog other = make(11);
    other.add(hashOf(1));
    EXPECT_THROW(merge(sketch, packed(other)), base::Error);
    EXPECT_THROW(make(7), base::Error);
    EXPECT_THROW(make(19), base::Error);
    EXPECT_THROW(sketch.setPrecision(11), base::Error);
}

}  // namespace
}  // namespace footfall::sketch
