// Active periods: rows of bits that grow longer while groups come, and stay within the limit.
#include "engine/behavior/active_periods.h"

#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace footfall::behavior {
namespace {

TEST(ActivePeriods, GroupsUpToALimitThatIsNoMultipleOfARow) {
    // 100 words: 33 groups of 3 words, and one word over.
    constexpr size_t kLimit = 100 * sizeof(uint64_t);
    ActivePeriods periods(kLimit, std::pmr::new_delete_resource());
    for (uint32_t group = 0; group < 33; group++)
        periods.add(group, 191);
    for (uint32_t group = 0; group < 33; group++)
        EXPECT_EQ(periods.bits(group), 192U);
    // Nothing is known of what was not added.
    EXPECT_EQ(periods.bits(33), 0U);
    EXPECT_EQ(periods.bytes(33), "");
    EXPECT_THROW(periods.add(33, 0), base::Error);
}

TEST(ActivePeriods, TheLimitIsOfGroupsThatAreThere) {
    // 35 groups of one word, then of two: 70 of 100 words.
    constexpr size_t kLimit = 100 * sizeof(uint64_t);
    ActivePeriods periods(kLimit, std::pmr::new_delete_resource());
    for (uint32_t group = 0; group < 35; group++)
        periods.add(group, static_cast<int32_t>(group));
    periods.add(3, 100);
    EXPECT_EQ(periods.bits(3), 101U);
    EXPECT_EQ(periods.bits(34), 35U);
    EXPECT_THROW(periods.add(0, 200), base::Error);
}

}  // namespace
}  // namespace footfall::behavior
