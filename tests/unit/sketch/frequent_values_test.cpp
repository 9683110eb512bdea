// FrequentValues: bounds that hold in every order and after every merge, exact counts of few
// values.
#include "engine/sketch/frequent_values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace footfall::sketch {
namespace {

std::vector<std::byte> packed(FrequentValues& sketch) {
    base::ByteWriter writer;
    sketch.pack(writer);
    return {writer.bytes().begin(), writer.bytes().end()};
}

void merge(FrequentValues& sketch, const std::vector<std::byte>& bytes) {
    base::ByteReader reader(bytes);
    sketch.unpack(reader, SIZE_MAX);
}

// Zipf's law, about: the value i with a frequency of 1 / i.
std::vector<std::string> draw(std::mt19937_64& random, size_t count, size_t different) {
    std::vector<std::string> values;
    std::uniform_real_distribution<double> uniform(0.0, 1.0);
    for (size_t i = 0; i < count; ++i) {
        const double value = std::pow(static_cast<double>(different), uniform(random));
        values.push_back("value " + std::to_string(static_cast<size_t>(value)));
    }
    return values;
}

using Truth = std::map<std::string, uint64_t, std::less<>>;

void expectBounds(FrequentValues& sketch, const Truth& truth, uint64_t total) {
    ASSERT_EQ(sketch.count(), total);
    const auto top = sketch.top();
    ASSERT_LE(sketch.floor(), total / (FrequentValues::kMinCapacity + 1));
    for (const auto& counter : sketch.counters()) {
        const uint64_t count = truth.find(counter.value())->second;
        ASSERT_LE(count, counter.count);
        ASSERT_GE(count, counter.count - counter.error);
        ASSERT_LE(counter.error, sketch.floor());
    }
    // No value that is missing occurs more often than the floor.
    for (const auto& [value, count] : truth) {
        const auto has = [&wanted = value](const auto& counter) {
            return counter.value() == wanted;
        };
        ASSERT_TRUE(count <= sketch.floor() || std::ranges::any_of(sketch.counters(), has))
            << value;
    }
    ASSERT_TRUE(std::ranges::is_sorted(
        top, [](const auto* a, const auto* b) { return a->count > b->count; }));
}

TEST(FrequentValues, FewDifferentValuesAreCountedExactly) {
    std::mt19937_64 random(3);
    for (const size_t different : {1, 40, 1000}) {
        Truth truth;
        FrequentValues one(std::pmr::new_delete_resource());
        FrequentValues other(std::pmr::new_delete_resource());
        FrequentValues whole(std::pmr::new_delete_resource());
        one.setWanted(5);
        other.setWanted(5);
        whole.setWanted(5);
        for (const std::string& value : draw(random, 20000, different)) {
            ++truth[value];
            (random() % 2 == 0 ? one : other).add(value, SIZE_MAX);
            whole.add(value, SIZE_MAX);
        }
        merge(one, packed(other));
        EXPECT_EQ(packed(one), packed(whole));
        EXPECT_EQ(one.floor(), 0U);
        std::vector<std::pair<uint64_t, std::string>> expected;
        for (const auto& [value, count] : truth)
            expected.emplace_back(count, value);
        std::ranges::sort(expected, [](const auto& a, const auto& b) {
            return a.first != b.first ? a.first > b.first : a.second < b.second;
        });
        const auto top = one.top();
        ASSERT_EQ(top.size(), std::min<size_t>(5, truth.size()));
        for (size_t i = 0; i < top.size(); ++i) {
            EXPECT_EQ(top[i]->value(), expected[i].second);
            EXPECT_EQ(top[i]->count, expected[i].first);
            EXPECT_EQ(top[i]->error, 0U);
        }
    }
}

TEST(FrequentValues, BoundsHoldInEveryOrderAndAfterMerges) {
    std::mt19937_64 random(4);
    for (const size_t different : {3000, 200000}) {
        auto values = draw(random, 100000, different);
        Truth truth;
        for (const std::string& value : values)
            ++truth[value];
        for (int order = 0; order < 3; ++order) {
            if (order == 1)
                std::ranges::sort(values);
            else if (order == 2)
                std::ranges::sort(values, std::greater<>());
            FrequentValues sketch(std::pmr::new_delete_resource());
            FrequentValues merged(std::pmr::new_delete_resource());
            sketch.setWanted(10);
            merged.setWanted(10);
            for (size_t begin = 0; begin < values.size();) {
                FrequentValues part(std::pmr::new_delete_resource());
                part.setWanted(10);
                const size_t end = std::min(values.size(), begin + 1 + random() % 30000);
                for (; begin < end; ++begin) {
                    sketch.add(values[begin], SIZE_MAX);
                    part.add(values[begin], SIZE_MAX);
                }
                merge(merged, packed(part));
            }
            expectBounds(sketch, truth, values.size());
            expectBounds(merged, truth, values.size());
            EXPECT_GT(merged.floor(), 0U);
        }
    }
}

// One value is half of everything: it must come out, with bounds worth having.
TEST(FrequentValues, AHeavyValueIsFoundAmongManyRareOnes) {
    FrequentValues sketch(std::pmr::new_delete_resource());
    sketch.setWanted(1);
    for (int i = 0; i < 50000; ++i) {
        sketch.add(std::to_string(i), SIZE_MAX);
        sketch.add("heavy", SIZE_MAX);
    }
    const auto top = sketch.top();
    ASSERT_EQ(top.size(), 1U);
    EXPECT_EQ(top[0]->value(), "heavy");
    EXPECT_EQ(top[0]->count, 50000U);
    EXPECT_EQ(top[0]->error, 0U);
}

TEST(FrequentValues, AnEmptySketchChangesNothing) {
    FrequentValues sketch(std::pmr::new_delete_resource());
    FrequentValues empty(std::pmr::new_delete_resource());
    FrequentValues other(std::pmr::new_delete_resource());
    sketch.setWanted(5);
    empty.setWanted(7);
    other.setWanted(7);
    sketch.add("", SIZE_MAX);
    sketch.add(std::string(1, '\0'), SIZE_MAX);
    other.add("", SIZE_MAX);
    const auto before = packed(sketch);
    merge(sketch, packed(empty));
    EXPECT_EQ(packed(sketch), before);
    EXPECT_THROW(merge(sketch, packed(other)), base::Error);
    merge(empty, packed(sketch));
    EXPECT_EQ(packed(empty), before);
    EXPECT_THROW(sketch.setWanted(6), base::Error);
    EXPECT_THROW(FrequentValues(std::pmr::new_delete_resource()).setWanted(0), base::Error);
    EXPECT_THROW(FrequentValues(std::pmr::new_delete_resource()).setWanted(10001), base::Error);
}

TEST(FrequentValues, MemoryIsLimited) {
    FrequentValues sketch(std::pmr::new_delete_resource());
    sketch.setWanted(5);
    EXPECT_THROW(
        {
            for (int i = 0; i < 100; ++i)
                sketch.add(std::string(1000, static_cast<char>('!' + i)), 50000);
        },
        base::Error);
}

}  // namespace
}  // namespace footfall::sketch
