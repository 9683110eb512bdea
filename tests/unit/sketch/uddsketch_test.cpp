// UddSketch: every percentile within the error that it states, and bytes that depend on the values
// alone.
#include "engine/sketch/uddsketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

namespace footfall::sketch {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

UddSketch make(int64_t buckets = UddSketch::kDefaultBuckets,
               double error = UddSketch::kDefaultError) {
    UddSketch sketch(std::pmr::new_delete_resource());
    sketch.setParameters(buckets, error);
    return sketch;
}

std::vector<std::byte> packed(const UddSketch& sketch) {
    base::ByteWriter writer;
    sketch.pack(writer);
    return {writer.bytes().begin(), writer.bytes().end()};
}

void merge(UddSketch& sketch, const std::vector<std::byte>& bytes) {
    base::ByteReader reader(bytes);
    sketch.unpack(reader, SIZE_MAX);
}

// What percentile_disc gives.
double exact(const std::vector<double>& sorted, double p) {
    const double rank = std::ceil(p * static_cast<double>(sorted.size()));
    return sorted[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

using Draw = std::function<double(std::mt19937_64&)>;

const std::vector<std::pair<const char*, Draw>>& distributions() {
    static const std::vector<std::pair<const char*, Draw>> all = {
        {"uniform", [](auto& r) { return std::uniform_real_distribution(1.0, 50.0)(r); }},
        {"lognormal", [](auto& r) { return std::lognormal_distribution(3.0, 2.0)(r); }},
        {"normal", [](auto& r) { return std::normal_distribution(0.0, 1000.0)(r); }},
        {"small integers", [](auto& r) { return static_cast<double>(r() % 5) - 2.0; }},
        {"all magnitudes",
         [](auto& r) { return std::exp(std::uniform_real_distribution(-740.0, 700.0)(r)); }},
        {"negative", [](auto& r) { return -std::exponential_distribution(0.01)(r); }},
    };
    return all;
}

TEST(UddSketch, PercentilesAreWithinTheStatedError) {
    std::mt19937_64 random(11);
    for (const auto& [name, draw] : distributions()) {
        for (const auto& [buckets, error] :
             {std::pair<int64_t, double>{2048, 0.001}, {200, 0.01}, {16, 0.05}, {8192, 1e-6}}) {
            for (const size_t count : {1, 2, 17, 20000}) {
                UddSketch sketch = make(buckets, error);
                std::vector<double> values(count);
                for (double& value : values)
                    sketch.add(value = draw(random));
                std::ranges::sort(values);
                ASSERT_GE(sketch.error(), error);
                for (double p = 0; p <= 1.0; p += 1.0 / 64) {
                    const double expected = exact(values, p);
                    ASSERT_NEAR(*sketch.percentile(p), expected,
                                std::fabs(expected) * (sketch.error() + 1e-9))
                        << name << ' ' << buckets << ' ' << count << ' ' << p;
                }
                ASSERT_EQ(*sketch.percentile(0), values.front());
                ASSERT_EQ(*sketch.percentile(1), values.back());
                ASSERT_EQ(sketch.count(), count);
            }
        }
    }
}

// What the SQL documentation promises of the default parameters.
TEST(UddSketch, TheErrorGrowsOnlyAsItMust) {
    UddSketch narrow = make();
    UddSketch wide = make();
    for (int i = 0; i <= 100000; ++i) {
        narrow.add(std::exp(i * std::log(59.0) / 100000));
        wide.add(std::exp(i * std::log(1e14) / 100000));
    }
    EXPECT_EQ(narrow.error(), 0.001);
    EXPECT_LT(wide.error(), 0.01);
    EXPECT_GT(wide.error(), 0.001);
}

TEST(UddSketch, BytesDependOnTheValuesAlone) {
    std::mt19937_64 random(5);
    for (const auto& [name, draw] : distributions()) {
        for (const size_t count : {0, 1, 30, 5000}) {
            // Whole numbers, so that the sum does not round.
            std::vector<double> values(count);
            for (double& value : values)
                value = std::nearbyint(std::clamp(draw(random), -1e9, 1e9));
            if (count > 20) {
                values[3] = kInfinity;
                values[9] = 0;
            }
            UddSketch rising = make(64, 0.001);
            UddSketch falling = make(64, 0.001);
            UddSketch parts[3] = {make(64, 0.001), make(64, 0.001), make(64, 0.001)};
            for (size_t i = 0; i < count; ++i) {
                rising.add(values[i]);
                falling.add(values[count - 1 - i]);
                // The first part sees few values, and collapses less.
                parts[i % 100 == 0 ? 0 : 1 + random() % 2].add(values[i]);
            }
            UddSketch merged(std::pmr::new_delete_resource());
            for (const UddSketch& part : parts)
                merge(merged, packed(part));
            UddSketch backwards(std::pmr::new_delete_resource());
            for (const int part : {2, 1, 0})
                merge(backwards, packed(parts[part]));
            EXPECT_EQ(packed(rising), packed(falling)) << name;
            EXPECT_EQ(packed(rising), packed(merged)) << name;
            EXPECT_EQ(packed(rising), packed(backwards)) << name;
        }
    }
}

TEST(UddSketch, SpecialValues) {
    UddSketch sketch = make();
    EXPECT_FALSE(sketch.percentile(0.5).has_value());
    EXPECT_FALSE(sketch.mean().has_value());
    EXPECT_THROW((void)sketch.percentile(1.01), base::Error);
    EXPECT_THROW((void)sketch.percentile(std::nan("")), base::Error);
    sketch.add(std::nan(""));
    EXPECT_TRUE(std::isnan(*sketch.percentile(0)));
    for (const double value : {0.0, -0.0, kInfinity, -kInfinity, 5e-324, -5e-324, 1.7e308, 1.0})
        sketch.add(value);
    UddSketch again(std::pmr::new_delete_resource());
    merge(again, packed(sketch));
    EXPECT_EQ(*again.percentile(0), -kInfinity);
    EXPECT_EQ(*again.percentile(2.0 / 9), -5e-324);
    EXPECT_EQ(*again.percentile(3.0 / 9), 0.0);
    EXPECT_EQ(*again.percentile(4.0 / 9), 0.0);
    EXPECT_EQ(*again.percentile(8.0 / 9), kInfinity);
    EXPECT_TRUE(std::isnan(*again.percentile(1)));
    EXPECT_TRUE(std::isnan(*again.mean()));
    UddSketch large = make();
    large.add(1.7e308);
    large.add(1.7e308);
    EXPECT_THROW((void)large.mean(), base::Error);
    EXPECT_EQ(*large.percentile(0.5), 1.7e308);
}

TEST(UddSketch, AnEmptySketchChangesNothing) {
    UddSketch sketch = make(100, 0.01);
    sketch.add(3);
    merge(sketch, packed(make()));
    EXPECT_TRUE(sketch.hasParameters(100, 0.01));
    EXPECT_EQ(sketch.count(), 1U);
    UddSketch other = make();
    merge(other, packed(sketch));
    EXPECT_EQ(packed(other), packed(sketch));
    UddSketch unlike = make();
    unlike.add(3);
    EXPECT_THROW(merge(sketch, packed(unlike)), base::Error);
    EXPECT_THROW(make(15, 0.01), base::Error);
    EXPECT_THROW(make(8193, 0.01), base::Error);
    EXPECT_THROW(make(100, 0.0), base::Error);
    EXPECT_THROW(make(100, 0.6), base::Error);
    EXPECT_THROW(make(100, std::nan("")), base::Error);
}

}  // namespace
}  // namespace footfall::sketch
