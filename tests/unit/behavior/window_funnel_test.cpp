// window_funnel: the truth table, and random events against a search through all chains.
#include "engine/behavior/window_funnel.h"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

namespace footfall::behavior {
namespace {

struct Row {
    int64_t time;
    std::string_view letters;  // a is the first condition; x meets none
};

StepEvent eventOf(const Row& row) {
    uint32_t steps = 0;
    for (const char letter : row.letters) {
        if (letter != 'x')
            steps |= uint32_t{1} << (letter - 'a');
    }
    return {row.time, steps};
}

FunnelMatcher run(const FunnelShape& shape, const std::vector<StepEvent>& events) {
    FunnelState state(std::pmr::new_delete_resource());
    state.setShape(shape);
    for (const StepEvent& event : events) {
        if (!state.wants(event.steps))
            continue;
        if (state.events().full())
            state.events().grow(SIZE_MAX);
        state.events().append(event);
    }
    return state.match(true);
}

uint32_t level(FunnelModes modes, uint64_t window, uint32_t conditions,
               const std::vector<Row>& rows) {
    std::vector<StepEvent> events;
    for (const Row& row : rows)
        events.push_back(eventOf(row));
    return run({window, conditions, modes}, events).level();
}

constexpr FunnelModes kDefault = {};
constexpr FunnelModes kOrder = {.strictOrder = true};
constexpr FunnelModes kOnce = {.strictOnce = true};
constexpr FunnelModes kIncrease = {.strictIncrease = true};
constexpr FunnelModes kDeduplication = {.strictDeduplication = true};
constexpr FunnelModes kExclude = {.exclusion = Exclusion::DropOff};
constexpr FunnelModes kExcludeCustomer = {.exclusion = Exclusion::Customer};

TEST(WindowFunnel, WindowIsInclusive) {
    EXPECT_EQ(level(kDefault, 10, 2, {{1, "a"}, {11, "b"}}), 2U);
    EXPECT_EQ(level(kDefault, 10, 2, {{1, "a"}, {12, "b"}}), 1U);
    EXPECT_EQ(level(kDefault, 0, 2, {{1, "a"}, {1, "b"}}), 2U);
    EXPECT_EQ(level(kDefault, 10, 2, {{1, "b"}}), 0U);
}

TEST(WindowFunnel, LaterFirstStepRestarts) {
    EXPECT_EQ(level(kDefault, 10, 3, {{1, "a"}, {9, "a"}, {12, "b"}, {13, "c"}}), 3U);
}

TEST(WindowFunnel, EqualTimesAreInStepOrder) {
    EXPECT_EQ(level(kDefault, 10, 3, {{1, "c"}, {1, "b"}, {1, "a"}}), 3U);
    EXPECT_EQ(level(kDefault, 10, 3, {{1, "abc"}}), 3U);
}

TEST(WindowFunnel, StrictOnce) {
    EXPECT_EQ(level(kOnce, 10, 3, {{1, "abc"}}), 1U);
    EXPECT_EQ(level(kOnce, 10, 3, {{1, "abc"}, {1, "abc"}, {1, "abc"}}), 3U);
    EXPECT_EQ(level(kOnce, 10, 3, {{1, "abc"}, {1, "c"}, {1, "b"}}), 3U);
    EXPECT_EQ(level(kOnce, 10, 3, {{1, "ab"}, {1, "a"}, {2, "c"}}), 3U);
    EXPECT_EQ(level(kOnce, 10, 3, {{1, "ab"}, {2, "c"}}), 1U);
}

TEST(WindowFunnel, StrictOrder) {
    EXPECT_EQ(level(kOrder, 10, 3, {{1, "a"}, {2, "b"}, {3, "x"}, {4, "a"}, {5, "b"}, {6, "c"}}),
              2U);
    EXPECT_EQ(level(kOrder, 10, 3, {{1, "x"}, {2, "a"}, {3, "c"}, {4, "b"}, {5, "c"}}), 1U);
    EXPECT_EQ(level(kOrder, 10, 3, {{1, "x"}, {2, "a"}, {3, "b"}, {4, "c"}}), 3U);
    EXPECT_EQ(level(kOrder, 10, 3, {{1, "a"}, {2, "a"}, {3, "b"}, {4, "b"}, {5, "c"}}), 3U);
    EXPECT_EQ(level(kOrder, 10, 3, {{1, "b"}, {2, "a"}, {3, "b"}, {5, "c"}}), 3U);
    // A row without a step counts before the steps of its moment.
    EXPECT_EQ(level(kOrder, 10, 2, {{1, "a"}, {1, "x"}, {2, "b"}}), 2U);
    EXPECT_EQ(level(kOrder, 10, 2, {{1, "a"}, {2, "b"}, {2, "x"}}), 1U);
}

TEST(WindowFunnel, StrictDeduplication) {
    EXPECT_EQ(level(kDeduplication, 10, 3, {{1, "a"}, {2, "b"}, {3, "b"}, {5, "c"}}), 2U);
    EXPECT_EQ(level(kDeduplication, 10, 3, {{1, "a"}, {2, "b"}, {2, "b"}, {5, "c"}}), 2U);
    EXPECT_EQ(level(kDeduplication, 10, 3, {{1, "a"}, {2, "a"}, {3, "b"}, {5, "c"}}), 3U);
    // A step out of the window was not reached, so the next one is no repeat.
    EXPECT_EQ(level(kDeduplication, 10, 3, {{1, "a"}, {20, "b"}, {21, "a"}, {22, "b"}, {23, "c"}}),
              3U);
}

TEST(WindowFunnel, StrictIncrease) {
    EXPECT_EQ(level(kIncrease, 10, 2, {{1, "a"}, {2, "a"}, {2, "b"}}), 2U);
    EXPECT_EQ(level(kIncrease, 10, 2, {{2, "a"}, {2, "b"}}), 1U);
    EXPECT_EQ(level(kIncrease, 10, 3, {{1, "ab"}, {2, "ab"}, {3, "c"}}), 3U);
    // The later start would be out of step, the earlier one is out of the window.
    EXPECT_EQ(level(kIncrease, 5, 2, {{1, "a"}, {8, "ab"}}), 1U);
}

TEST(WindowFunnel, Exclusion) {
    EXPECT_EQ(level(kExclude, 10, 3, {{1, "a"}, {2, "c"}, {3, "b"}}), 1U);
    EXPECT_EQ(level(kExclude, 10, 3, {{1, "a"}, {2, "c"}, {3, "a"}, {4, "b"}}), 2U);
    EXPECT_EQ(level(kExclude, 10, 3, {{0, "c"}, {1, "a"}, {3, "b"}, {3, "c"}}), 2U);
    EXPECT_EQ(level(kExclude, 10, 3, {{1, "a"}, {1, "c"}, {3, "b"}}), 1U);
    const auto customer = [](std::vector<Row> rows) {
        std::vector<StepEvent> events;
        for (const Row& row : rows)
            events.push_back(eventOf(row));
        return run({10, 3, kExcludeCustomer}, events).customerExcluded();
    };
    EXPECT_TRUE(customer({{1, "a"}, {2, "c"}, {3, "b"}}));
    EXPECT_TRUE(customer({{1, "a"}, {11, "c"}}));
    EXPECT_FALSE(customer({{1, "a"}, {12, "c"}}));
    EXPECT_FALSE(customer({{0, "c"}, {1, "a"}, {2, "b"}, {3, "c"}}));
}

TEST(WindowFunnel, InfiniteTimesAreFarFromAllOthers) {
    EXPECT_EQ(level(kDefault, 10, 2, {{INT64_MIN, "a"}, {INT64_MAX, "b"}}), 1U);
    EXPECT_EQ(level(kDefault, 10, 2, {{INT64_MAX, "a"}, {INT64_MAX, "b"}}), 2U);
}

TEST(WindowFunnel, RefusesWhatIsNoFunnel) {
    const auto shape = [](uint32_t conditions, FunnelModes modes) {
        FunnelState(std::pmr::new_delete_resource()).setShape({10, conditions, modes});
    };
    EXPECT_THROW(shape(33, kDefault), base::Error);
    EXPECT_THROW(shape(1, kExclude), base::Error);
    EXPECT_NO_THROW(shape(32, kDefault));
    FunnelState state(std::pmr::new_delete_resource());
    state.setShape({10, 2, kDefault});
    EXPECT_THROW(state.setShape({11, 2, kDefault}), base::Error);
    EXPECT_THROW(state.setShape({10, 3, kDefault}), base::Error);
    EXPECT_THROW(state.setShape({10, 2, kOnce}), base::Error);
}

// Every chain of every length, by the definition.
class AllChains {
  public:
    AllChains(const FunnelShape& shape, std::vector<StepEvent> events)
        : shape_(shape), events_(std::move(events)) {}

    uint32_t level() {
        used_.assign(events_.size(), false);
        extend(0, 0, 0);
        return best_;
    }

  private:
    void extend(uint32_t step, int64_t start, int64_t last) {
        best_ = std::max(best_, step);
        if (step == shape_.steps())
            return;
        for (size_t i = 0; i < events_.size(); i++) {
            const StepEvent& event = events_[i];
            if ((event.steps >> step & 1) == 0 || (shape_.modes.strictOnce && used_[i]))
                continue;
            if (step > 0) {
                if (event.time < last || event.time - start > static_cast<int64_t>(shape_.window))
                    continue;
                if (shape_.modes.strictIncrease && event.time == last)
                    continue;
                if (isExcluded(start, event.time))
                    continue;
            }
            used_[i] = true;
            extend(step + 1, step == 0 ? event.time : start, event.time);
            used_[i] = false;
        }
    }
    bool isExcluded(int64_t start, int64_t time) const {
        if (shape_.modes.exclusion == Exclusion::None)
            return false;
        return std::ranges::any_of(events_, [&](const StepEvent& event) {
            return (event.steps >> shape_.steps() & 1) != 0 && event.time >= start &&
                   event.time < time;
        });
    }

    FunnelShape shape_;
    std::vector<StepEvent> events_;
    std::vector<bool> used_;
    uint32_t best_ = 0;
};

TEST(WindowFunnel, EqualsTheSearchThroughAllChains) {
    std::mt19937_64 random(7);
    uint64_t reachedLevels = 0;
    for (int round = 0; round < 30000; round++) {
        FunnelShape shape;
        shape.conditions = 2 + random() % 3;
        shape.window = random() % 6;
        shape.modes.strictIncrease = random() % 3 == 0;
        shape.modes.strictOnce = random() % 2 == 0;
        if (random() % 3 == 0)
            shape.modes.exclusion = Exclusion::DropOff;
        std::vector<StepEvent> events(random() % 8);
        for (StepEvent& event : events) {
            event.time = static_cast<int64_t>(random() % (round % 2 == 0 ? 4 : 12));
            event.steps = static_cast<uint32_t>(random() & random()) & stepMask(shape.conditions);
        }
        const FunnelMatcher matcher = run(shape, events);
        ASSERT_EQ(matcher.level(), AllChains(shape, events).level()) << "round " << round;
        reachedLevels |= uint64_t{1} << matcher.level();

        const auto times = matcher.times();
        ASSERT_EQ(times.size(), matcher.level());
        for (size_t i = 0; i < times.size(); i++) {
            ASSERT_TRUE(std::ranges::any_of(events, [&](const StepEvent& event) {
                return event.time == times[i] && (event.steps >> i & 1) != 0;
            }));
            ASSERT_LE(elapsed(times[0], times[i]), shape.window);
            ASSERT_TRUE(i == 0 || times[i - 1] <= times[i]);
        }
    }
    EXPECT_EQ(reachedLevels, 0x1fU);
}

TEST(WindowFunnel, OrderOfInputDoesNotMatter) {
    std::mt19937_64 random(8);
    for (int round = 0; round < 5000; round++) {
        FunnelShape shape;
        shape.conditions = 2 + random() % 4;
        shape.window = random() % 8;
        shape.modes = {random() % 2 == 0, random() % 2 == 0, random() % 2 == 0, random() % 2 == 0,
                       static_cast<Exclusion>(random() % 3)};
        std::vector<StepEvent> events(random() % 12);
        for (StepEvent& event : events) {
            event.time = static_cast<int64_t>(random() % 6);
            event.steps = static_cast<uint32_t>(random() & random()) & stepMask(shape.conditions);
        }
        const FunnelMatcher one = run(shape, events);
        std::ranges::shuffle(events, random);
        const FunnelMatcher other = run(shape, events);
        ASSERT_EQ(one.level(), other.level());
        ASSERT_EQ(one.customerExcluded(), other.customerExcluded());
        ASSERT_TRUE(std::ranges::equal(one.times(), other.times()));
    }
}

TEST(WindowFunnel, StateSurvivesPacking) {
    const FunnelShape shape = {uint64_t{86400} * 1000000, 3, kOrder};
    FunnelState whole(std::pmr::new_delete_resource());
    FunnelState part(std::pmr::new_delete_resource());
    FunnelState merged(std::pmr::new_delete_resource());
    std::mt19937_64 random(9);
    for (FunnelState* state : {&whole, &part})
        state->setShape(shape);
    for (int i = 0; i < 1000; i++) {
        const StepEvent event = {static_cast<int64_t>(random()),
                                 static_cast<uint32_t>(random() % 8)};
        for (FunnelState* state : {&whole, &part}) {
            if (state->events().full())
                state->events().grow(SIZE_MAX);
            state->events().append(event);
        }
        if (i % 100 == 99) {
            base::ByteWriter writer;
            part.pack(writer);
            base::ByteReader reader(writer.bytes());
            merged.unpack(reader, SIZE_MAX);
            part.events().truncate(0);
        }
    }
    whole.events().sort();
    merged.events().sort();
    EXPECT_EQ(merged.shape(), shape);
    EXPECT_TRUE(std::ranges::equal(whole.events().events(), merged.events().events()));
}

TEST(WindowFunnel, DamagedStatesAreErrors) {
    FunnelState state(std::pmr::new_delete_resource());
    state.setShape({10, 3, kOnce});
    for (int i = 0; i < 20; i++) {
        if (state.events().full())
            state.events().grow(SIZE_MAX);
        state.events().append({i * 1000, static_cast<uint32_t>(i % 8)});
    }
    base::ByteWriter writer;
    state.pack(writer);
    std::vector<std::byte> bytes(writer.bytes().begin(), writer.bytes().end());
    for (size_t size = 0; size < bytes.size(); size++) {
        FunnelState target(std::pmr::new_delete_resource());
        base::ByteReader reader({bytes.data(), size});
        EXPECT_THROW(target.unpack(reader, SIZE_MAX), base::Error) << size;
    }
    std::mt19937_64 random(10);
    for (int round = 0; round < 20000; round++) {
        std::vector<std::byte> damaged = bytes;
        damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        FunnelState target(std::pmr::new_delete_resource());
        base::ByteReader reader(damaged);
        try {
            target.unpack(reader, 1 << 20);
            (void)target.match(true);
        } catch (const base::Error&) {
        }
    }
}

TEST(EventBuffer, HoldsNoMoreThanItMay) {
    StepEvents events(std::pmr::new_delete_resource());
    const size_t limit = 1000 * sizeof(StepEvent);
    size_t held = 0;
    try {
        for (;; held++) {
            if (events.full())
                events.grow(limit);
            events.append({0, 1});
        }
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::OutOfMemory);
    }
    EXPECT_GE(held, 500U);
    EXPECT_LE(held, 1000U);
}

}  // namespace
}  // namespace footfall::behavior
