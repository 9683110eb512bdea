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

TEST(ActivePeriods, WordsAreTheBits) {
    ActivePeriods periods(1024, std::pmr::new_delete_resource());
    periods.add(0, 0);
    periods.add(0, 63);
    periods.add(2, 9);
    ASSERT_TRUE(periods.fitsWords());
    for (uint32_t group = 0; group < 4; group++) {
        EXPECT_EQ(ActivePeriods::bitsOf(periods.word(group)), periods.bits(group));
        const std::string bytes(periods.bytes(group));
        EXPECT_EQ(periods.bytesOf(periods.word(group)), bytes);
    }
    EXPECT_EQ(periods.word(1), 0U);
    EXPECT_EQ(periods.bytes(2), std::string_view("\0\x40", 2));
    periods.add(1, 64);
    EXPECT_FALSE(periods.fitsWords());
}

TEST(PatternCodes, NumberWordsInTheirOrderUpToALimit) {
    PatternCodes codes(std::pmr::new_delete_resource());
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < PatternCodes::kMost; i++)
            ASSERT_EQ(codes.of(uint64_t{i} * 2654435761 + 1), i);
    }
    EXPECT_EQ(codes.of(UINT64_MAX), PatternCodes::kNone);
    EXPECT_EQ(codes.size(), PatternCodes::kMost);
    EXPECT_EQ(codes.word(7), uint64_t{7} * 2654435761 + 1);
    EXPECT_EQ(codes.of(1), 0U);
}

}  // namespace
}  // namespace footfall::behavior
