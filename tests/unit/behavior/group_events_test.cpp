// The events of several groups: in order, and only the first ones on request.
#include "engine/behavior/group_events.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory_resource>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/base/growing_resource.h"
#include "engine/behavior/step_event.h"

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

// A resource that counts, and that lets arrays grow where they are.
class CountingResource final : public base::GrowingResource {
  public:
    void* resize(void* pointer, size_t bytes, size_t wanted) override {
        count(wanted - bytes);
        return std::realloc(pointer, wanted);
    }
    size_t most() const noexcept { return most_; }

  private:
    void* do_allocate(size_t bytes, size_t) override {
        count(bytes);
        return std::malloc(bytes);
    }
    void do_deallocate(void* pointer, size_t bytes, size_t) override {
        held_ -= bytes;
        std::free(pointer);
    }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }
    void count(size_t more) {
        held_ += more;
        most_ = std::max(most_, held_);
    }

    size_t held_ = 0;
    size_t most_ = 0;
};

TEST(GroupEvents, TakesAnEventsBytesWhereGroupsRise) {
    constexpr size_t kEvents = size_t{1} << 20;
    CountingResource resource;
    GroupEvents<StepEvent> events(SIZE_MAX / 2, &resource);
    for (size_t i = 0; i < kEvents; i++)
        events.append(0, {static_cast<int64_t>(i), 1});
    events.sort(1);
    EXPECT_EQ(events.of(0).size(), kEvents);
    // An array that grows by a quarter.
    EXPECT_LE(resource.most(), kEvents * sizeof(StepEvent) * 5 / 4 + 1000);
}

TEST(GroupEvents, HoldsWhatTheLimitAllows) {
    constexpr size_t kMost = size_t{8} << 20;
    CountingResource resource;
    GroupEvents<StepEvent> events(kMost, &resource);
    size_t held = 0;
    try {
        for (;; held++)
            events.append(static_cast<uint32_t>(held / (kMost / 64)), {0, 1});
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::OutOfMemory);
    }
    EXPECT_GE(held * sizeof(StepEvent), kMost * 9 / 10);
    EXPECT_LE(resource.most(), kMost);
}

// Groups in rising order, in waves, and in no order, with forgetting in between and used again.
TEST(GroupEvents, EqualsSortedGroupsInAnyOrder) {
    std::mt19937 random(2);
    GroupEvents<int64_t> events(SIZE_MAX / 2, std::pmr::new_delete_resource());
    for (int round = 0; round < 600; round++) {
        const uint32_t groups = 1 + random() % 20;
        const size_t count = random() % 400;
        const size_t keep = round % 2 == 0 ? SIZE_MAX : 1 + random() % 10;
        std::vector<std::vector<int64_t>> expected(groups);
        for (size_t i = 0; i < count; i++) {
            const auto group =
                static_cast<uint32_t>(round % 3 == 0   ? i * groups / count
                                      : round % 3 == 1 ? i * groups * 3 / count % groups
                                                       : random() % groups);
            const auto event = static_cast<int64_t>(i + random() % 4);
            events.append(group, event);
            expected[group].push_back(event);
            if (random() % 100 == 0)
                events.keepFirst(keep);
        }
        events.sort(groups);
        for (uint32_t group = 0; group < groups; group++) {
            std::ranges::sort(expected[group]);
            const auto found = events.of(group);
            const size_t size = std::min(keep, expected[group].size());
            if (keep == SIZE_MAX) {
                ASSERT_EQ(found.size(), size);
            }
            ASSERT_GE(found.size(), size);
            ASSERT_TRUE(std::equal(expected[group].begin(),
                                   expected[group].begin() + static_cast<std::ptrdiff_t>(size),
                                   found.begin()))
                << round;
        }
        events.clear();
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
