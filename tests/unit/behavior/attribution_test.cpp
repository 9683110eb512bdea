// Attribution against the models' definitions, and paths.
#include "engine/behavior/attribution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <string>

#include "engine/behavior/path.h"

namespace footfall::behavior {
namespace {

struct Row {
    int64_t time;
    std::string channel;  // empty: none
    bool converted;
};

void noPoll() {}

std::map<std::string, double> creditsOf(AttributionState& state) {
    std::map<std::string, double> result;
    for (const ChannelCredit& credit : state.credits(SIZE_MAX, &noPoll))
        result[credit.channel == nullptr ? "" : std::string(credit.channel->view())] =
            credit.credit;
    return result;
}

void add(AttributionState& state, const Row& row) {
    const std::string_view channel = row.channel;
    state.add(row.time, row.channel.empty() ? nullptr : &channel, row.converted, SIZE_MAX);
}

std::map<std::string, double> run(AttributionModel model, const std::vector<Row>& rows) {
    AttributionState state(std::pmr::new_delete_resource());
    state.setShape({model, 100, 10});
    for (const Row& row : rows)
        add(state, row);
    return creditsOf(state);
}

TEST(Attribution, Models) {
    const std::vector<Row> rows = {{5, "email", false},
                                   {10, "ads", false},
                                   {20, "", true},
                                   {0, "search", false},
                                   {10, "email", false}};
    using Credits = std::map<std::string, double>;
    EXPECT_EQ(run(AttributionModel::First, rows), (Credits{{"search", 1}}));
    EXPECT_EQ(run(AttributionModel::Last, rows), (Credits{{"email", 1}}));
    EXPECT_EQ(run(AttributionModel::Linear, rows),
              (Credits{{"search", 0.25}, {"ads", 0.25}, {"email", 0.5}}));
    const Credits position = run(AttributionModel::Position, rows);
    EXPECT_DOUBLE_EQ(position.at("search"), 0.4);
    EXPECT_DOUBLE_EQ(position.at("email"), 0.5);
    EXPECT_DOUBLE_EQ(position.at("ads"), 0.1);
    const Credits decay = run(AttributionModel::TimeDecay, {{0, "a", false}, {10, "b", true}});
    EXPECT_DOUBLE_EQ(decay.at("a"), 1.0 / 3);
    EXPECT_DOUBLE_EQ(decay.at("b"), 2.0 / 3);
}

TEST(Attribution, ConversionsWithoutTouchesGoToNoChannel) {
    using Credits = std::map<std::string, double>;
    EXPECT_EQ(run(AttributionModel::Linear, {{0, "a", false}, {100, "", true}, {101, "", true}}),
              (Credits{{"a", 1}, {"", 1}}));
    EXPECT_TRUE(run(AttributionModel::Linear, {{0, "a", false}}).empty());
}

// Every model, by its definition, conversion by conversion.
std::map<std::string, double> byDefinition(const AttributionShape& shape, std::vector<Row> rows) {
    std::ranges::stable_sort(rows, [](const Row& a, const Row& b) {
        return a.time != b.time ? a.time < b.time : a.channel < b.channel;
    });
    std::map<std::string, double> credits;
    for (const Row& conversion : rows) {
        if (!conversion.converted)
            continue;
        std::vector<const Row*> touches;
        for (const Row& row : rows) {
            if (!row.channel.empty() && row.time <= conversion.time &&
                conversion.time - row.time <= static_cast<int64_t>(shape.lookBack))
                touches.push_back(&row);
        }
        const size_t n = touches.size();
        if (n == 0) {
            credits[""] += 1;
            continue;
        }
        double sum = 0;
        std::vector<double> weights(n, 1);
        for (size_t i = 0; i < n; i++) {
            switch (shape.model) {
                case AttributionModel::First:
                    weights[i] = i == 0;
                    break;
                case AttributionModel::Last:
                    weights[i] = i + 1 == n;
                    break;
                case AttributionModel::Linear:
                    break;
                case AttributionModel::Position:
                    if (n > 2)
                        weights[i] = i == 0 || i + 1 == n ? 0.4 : 0.2 / static_cast<double>(n - 2);
                    break;
                case AttributionModel::TimeDecay:
                    weights[i] =
                        // As of the last touch, lest all be nothing.
                        std::exp2(-static_cast<double>(touches.back()->time - touches[i]->time) /
                                  static_cast<double>(shape.halfLife));
                    break;
            }
            sum += weights[i];
        }
        for (size_t i = 0; i < n; i++)
            credits[touches[i]->channel] += weights[i] / sum;
    }
    return credits;
}

TEST(Attribution, EqualsTheDefinitionAndSurvivesPacking) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 5000; round++) {
        const AttributionShape shape = {static_cast<AttributionModel>(random() % 5), random() % 30,
                                        1 + random() % 10};
        AttributionState one(std::pmr::new_delete_resource());
        AttributionState other(std::pmr::new_delete_resource());
        one.setShape(shape);
        other.setShape(shape);
        std::vector<Row> rows(random() % 20);
        for (Row& row : rows) {
            row = {static_cast<int64_t>(random() % 50),
                   random() % 4 == 0 ? "" : std::string(1, static_cast<char>('a' + random() % 4)),
                   random() % 4 == 0};
            add(random() % 2 == 0 ? one : other, row);
        }
        base::ByteWriter writer;
        other.pack(writer);
        base::ByteReader reader(writer.bytes());
        one.unpack(reader, SIZE_MAX);
        auto expected = byDefinition(shape, rows);
        std::erase_if(expected, [](const auto& entry) { return entry.second == 0; });
        const auto credits = creditsOf(one);
        ASSERT_EQ(credits.size(), expected.size()) << round;
        double total = 0;
        for (const auto& [channel, credit] : credits) {
            ASSERT_NEAR(credit, expected.at(channel), 1e-9) << round << " " << channel;
            total += credit;
        }
        ASSERT_NEAR(total, static_cast<double>(std::ranges::count_if(rows, &Row::converted)), 1e-9);
    }
}

size_t polls = 0;
void countPoll() {
    polls++;
}

// As many touches serve as many conversions each, and still the work grows with their number only.
TEST(Attribution, IsLinearInTouchesAndConversions) {
    constexpr int kRows = 1 << 18;
    constexpr size_t kPollEvery = size_t{1} << 16;
    for (int model = 0; model < 5; model++) {
        AttributionState state(std::pmr::new_delete_resource());
        state.setShape({static_cast<AttributionModel>(model), kRows / 2, 1000});
        const std::string_view channels[] = {"a", "b", "c"};
        for (int i = 0; i < kRows; i++)
            state.add(i, &channels[i % 3], true, SIZE_MAX);
        polls = 0;
        double total = 0;
        for (const ChannelCredit& credit : state.credits(SIZE_MAX, &countPoll))
            total += credit.credit;
        EXPECT_NEAR(total, kRows, 1e-6);
        EXPECT_LE(polls, 8 * kRows / kPollEvery);
    }
}

// Sums of weights that differ by hundreds of orders of magnitude.
TEST(Attribution, DecaysOverLongTimes) {
    std::mt19937_64 random(7);
    const AttributionShape shape = {AttributionModel::TimeDecay, 1000000, 100};
    for (int round = 0; round < 20; round++) {
        AttributionState state(std::pmr::new_delete_resource());
        state.setShape(shape);
        std::vector<Row> rows(500);
        for (Row& row : rows) {
            row = {static_cast<int64_t>(random() % 400000) * (random() % 2 == 0 ? 1 : 10),
                   random() % 3 == 0 ? "" : std::string(1, static_cast<char>('a' + random() % 4)),
                   random() % 3 == 0};
            add(state, row);
        }
        const auto expected = byDefinition(shape, rows);
        auto found = creditsOf(state);
        for (const auto& [channel, credit] : expected)
            ASSERT_NEAR(found[channel], credit, 1e-9) << round << " " << channel;
        for (const auto& [channel, credit] : found)
            ASSERT_TRUE(expected.contains(channel)) << round << " " << channel;
    }
}

TEST(Attribution, RefusesWhatVaries) {
    AttributionState state(std::pmr::new_delete_resource());
    EXPECT_THROW(state.setShape({AttributionModel::First, 10, 0}), base::Error);
    state.setShape({AttributionModel::First, 10, 10});
    EXPECT_THROW(state.setShape({AttributionModel::Last, 10, 10}), base::Error);
    EXPECT_THROW(state.setShape({AttributionModel::First, 11, 10}), base::Error);
    EXPECT_THROW(state.setShape({AttributionModel::First, 10, 11}), base::Error);
}

TEST(Path, IsTheFirstEventsInOrder) {
    std::mt19937_64 random(6);
    for (int round = 0; round < 2000; round++) {
        const auto length = static_cast<int64_t>(1 + random() % 6);
        PathState one(std::pmr::new_delete_resource());
        PathState other(std::pmr::new_delete_resource());
        one.setLength(length);
        other.setLength(length);
        std::vector<std::pair<int64_t, std::string>> rows(random() % 40);
        for (auto& [time, event] : rows) {
            time = static_cast<int64_t>(random() % 20);
            event = std::string(1, static_cast<char>('a' + random() % 5));
            (random() % 2 == 0 ? one : other).add(time, event, SIZE_MAX);
        }
        base::ByteWriter writer;
        other.pack(writer);
        base::ByteReader reader(writer.bytes());
        one.unpack(reader, SIZE_MAX);
        std::ranges::sort(rows);
        rows.resize(std::min(rows.size(), static_cast<size_t>(length)));
        const auto path = one.path();
        ASSERT_EQ(path.size(), rows.size());
        for (size_t i = 0; i < path.size(); i++)
            ASSERT_EQ(path[i].text->view(), rows[i].second);
    }
    PathState state(std::pmr::new_delete_resource());
    EXPECT_THROW(state.setLength(0), base::Error);
    EXPECT_THROW(state.setLength(kMaxPathLength + 1), base::Error);
    state.setLength(3);
    EXPECT_THROW(state.setLength(4), base::Error);
}

// The list of touches counts as well as the events.
TEST(Attribution, StaysWithinItsMemory) {
    constexpr size_t kLimit = 64 << 10;
    constexpr int kTouches = 1600;  // 24 bytes each as events, 16 as touches
    AttributionState state(std::pmr::new_delete_resource());
    state.setShape({AttributionModel::Linear, 100, 10});
    const std::string_view channel = "ads";
    for (int i = 0; i < kTouches; i++)
        state.add(i, &channel, false, kLimit);
    state.add(kTouches, nullptr, true, kLimit);
    EXPECT_THROW((void)state.credits(kLimit, &noPoll), base::Error);
    EXPECT_EQ(state.credits(2 * kLimit, &noPoll).size(), 1U);
}

}  // namespace
}  // namespace footfall::behavior
