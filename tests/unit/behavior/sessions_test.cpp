// Sessions: the gap is inclusive, the order of input does not matter, states travel.
#include "engine/behavior/sessions.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace footfall::behavior {
namespace {

void add(SessionState& state, int64_t time) {
    if (state.times().full())
        state.times().grow(SIZE_MAX);
    state.times().append(time);
}

TEST(Sessions, StartAfterMoreThanTheGap) {
    SessionState state(std::pmr::new_delete_resource());
    state.setGap(30);
    for (const int64_t time : {100, 130, 161, 161, 50})
        add(state, time);
    const SessionSummary summary = state.summary();
    EXPECT_EQ(summary.sessions, 3U);
    EXPECT_EQ(summary.events, 5U);
    EXPECT_EQ(summary.duration, 30U);
    EXPECT_THROW(state.setGap(31), base::Error);
}

TEST(Sessions, SummaryEqualsNumberingAndSurvivesPacking) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 2000; round++) {
        const uint64_t gap = random() % 10;
        std::vector<int64_t> times(1 + random() % 50);
        for (int64_t& time : times)
            time = static_cast<int64_t>(random() % 200) - 100;
        SessionState one(std::pmr::new_delete_resource());
        SessionState other(std::pmr::new_delete_resource());
        one.setGap(gap);
        other.setGap(gap);
        for (size_t i = 0; i < times.size(); i++)
            add(i % 2 == 0 ? one : other, times[i]);
        base::ByteWriter writer;
        other.pack(writer);
        base::ByteReader reader(writer.bytes());
        one.unpack(reader, SIZE_MAX);
        const SessionSummary summary = one.summary();

        std::ranges::sort(times);
        SessionNumbering rising;
        uint64_t number = 0;
        for (const int64_t time : times)
            number = rising.next(time, gap);
        ASSERT_EQ(summary.sessions, number);
        ASSERT_EQ(summary.events, times.size());
        SessionNumbering falling;
        for (size_t i = times.size(); i-- > 0;)
            number = falling.next(times[i], gap);
        ASSERT_EQ(summary.sessions, number);
    }
}

TEST(Sessions, NumberingNeedsOrder) {
    SessionNumbering numbering;
    EXPECT_EQ(numbering.next(5, 10), 1U);
    EXPECT_EQ(numbering.next(7, 10), 1U);
    EXPECT_THROW((void)numbering.next(6, 10), base::Error);
}

}  // namespace
}  // namespace footfall::behavior
