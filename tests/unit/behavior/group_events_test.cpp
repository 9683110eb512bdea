// The events of several groups: in order, and only the first ones on request.
#include "engine/behavior/group_events.h"

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace footfall::behavior {
namespace {

constexpr size_t kLimit = 64 << 10;

TEST(GroupEvents, KeepsTheFirstOfEachGroup) {
    constexpr uint32_t kGroups = 5;
    constexpr size_t kFirst = 7;
    std::mt19937 random(1);
    GroupEvents<int64_t> events(kLimit, std::pmr::new_delete_resource());
    std::vector<std::vector<int64_t>> expected(kGroups);
    for (int i = 0; i < 20000; i++) {
        // Far more than the limit holds at once; the last group is empty.
        const auto group = static_cast<uint32_t>(random() % (kGroups - 1));
        const auto event = static_cast<int64_t>(random() % 5000);
        events.append(group, event);
        expected[group].push_back(event);
        if (events.size() >= 1000)
            events.keepFirst(kFirst);
    }
    events.sort(kGroups);
    for (uint32_t group = 0; group < kGroups; group++) {
        std::ranges::sort(expected[group]);
        const auto found = events.of(group);
        const size_t count = std::min(kFirst, expected[group].size());
        ASSERT_GE(found.size(), count);
        EXPECT_TRUE(std::equal(expected[group].begin(),
                               expected[group].begin() + static_cast<std::ptrdiff_t>(count),
                               found.begin()));
    }
}

TEST(GroupEvents, WithoutThatMoreThanTheLimitIsAnError) {
    GroupEvents<int64_t> events(kLimit, std::pmr::new_delete_resource());
    EXPECT_THROW(
        {
            for (int64_t i = 0; i < 20000; i++)
                events.append(0, i);
        },
        base::Error);
}

}  // namespace
}  // namespace footfall::behavior
