// sequence_match and sequence_count: the grammar, and random rows against a search with
// backtracking.
#include "engine/behavior/sequence.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

namespace footfall::behavior {
namespace {

constexpr int64_t kSecond = 1000000;

uint64_t count(std::string_view pattern, uint32_t conditions, const std::vector<StepEvent>& rows) {
    SequenceState state(std::pmr::new_delete_resource());
    state.shape().set(pattern, conditions);
    for (const StepEvent& row : rows) {
        if (row.steps == 0)
            continue;
        if (state.events().full())
            state.events().grow(SIZE_MAX);
        state.events().append(row);
    }
    return state.count(UINT64_MAX);
}

// "a1 b5": condition 1 at second 1, condition 2 at second 5.
std::vector<StepEvent> rows(std::string_view text) {
    std::vector<StepEvent> result;
    while (!text.empty()) {
        StepEvent row = {0, 0};
        while (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
            if (text[0] != 'x')
                row.steps |= uint32_t{1} << (text[0] - 'a');
            text.remove_prefix(1);
        }
        while (!text.empty() && text[0] != ' ') {
            row.time = row.time * 10 + (text[0] - '0');
            text.remove_prefix(1);
        }
        row.time *= kSecond;
        result.push_back(row);
        if (!text.empty())
            text.remove_prefix(1);
    }
    return result;
}

TEST(Sequence, Patterns) {
    EXPECT_EQ(count("(?1)(?2)", 2, rows("a1 b2")), 1U);
    EXPECT_EQ(count("(?1)(?2)", 3, rows("a1 c2 b3")), 0U);
    EXPECT_EQ(count("(?1).*(?2)", 3, rows("a1 c2 b3")), 1U);
    EXPECT_EQ(count("(?1).(?2)", 3, rows("a1 c2 b3")), 1U);
    EXPECT_EQ(count("(?1).(?2)", 3, rows("a1 b3")), 0U);
    EXPECT_EQ(count("(?1)(?2)", 2, rows("a1 x2 b3")), 1U);
    EXPECT_EQ(count("(?1).*(?2)", 2, rows("b1 a2")), 0U);
    EXPECT_EQ(count("(?1).*(?2)", 2, rows("ab1")), 0U);
    EXPECT_EQ(count("(?1)(?1)", 1, rows("a1 a2 a3 a4 a5")), 2U);
    EXPECT_EQ(count(".*(?1).*", 2, rows("a1 b2 a3")), 2U);
    EXPECT_EQ(count(".", 2, rows("a1 b2 x3")), 2U);
}

TEST(Sequence, Times) {
    EXPECT_EQ(count("(?1)(?t<=10)(?2)", 2, rows("a1 b11")), 1U);
    EXPECT_EQ(count("(?1)(?t<10)(?2)", 2, rows("a1 b11")), 0U);
    EXPECT_EQ(count("(?1)(?t>=10)(?2)", 2, rows("a1 b11")), 1U);
    EXPECT_EQ(count("(?1)(?t>10)(?2)", 2, rows("a1 b11")), 0U);
    EXPECT_EQ(count("(?1)(?t==10)(?2)", 2, rows("a1 a3 b11 b12")), 1U);
    EXPECT_EQ(count("(?1)(?t<=10)(?2)", 3, rows("a1 a5 c6 b12")), 1U);
    EXPECT_EQ(count("(?1)(?t>=5)(?t<=7)(?2)", 2, rows("a0 a4 b3 b8 b10")), 1U);
    // The first a that a b can follow is not the first a.
    EXPECT_EQ(count("(?1)(?t<=2)(?2)(?t>=5)(?3)", 3, rows("a1 a4 b5 c9 c10")), 1U);
}

TEST(Sequence, EqualTimesAreInStepOrder) {
    EXPECT_EQ(count("(?1)(?2)", 2, rows("b1 a1")), 1U);
    EXPECT_EQ(count("(?2)(?1)", 2, rows("b1 a1")), 0U);
}

TEST(Sequence, RefusesWhatIsNoPattern) {
    SequencePattern pattern(std::pmr::new_delete_resource());
    for (const char* text :
         {"", ".*", "(?0)", "(?3)", "(?1", "(?)", "?1", "(?t<=1)(?1)", "(?1)(?t<=1)",
          "(?1).*(?t<=1)(?2)", "(?1)(?t<=1).*(?2)", "(?1)(?t<0)(?2)", "(?1)(?t=1)(?2)",
          "(?1)(?t<=)(?2)", "(?1)(?t<=99999999999999999999)(?2)", "(?1) (?2)", "(?99999999999)"})
        EXPECT_THROW(pattern.parse(text, 2), base::Error) << text;
    EXPECT_NO_THROW(pattern.parse("(?1)(?t>=1)(?t<=2)(?2).*.(?1).*", 2));
}

// Tries every assignment of rows to items, leftmost first, as the definition says.
class Backtracking {
  public:
    Backtracking(const std::vector<PatternItem>& items, std::vector<StepEvent> rows)
        : items_(items), rows_(std::move(rows)) {}

    uint64_t count() {
        uint64_t matches = 0;
        for (size_t from = 0; from < rows_.size();) {
            best_.reset();
            for (size_t row = from; row < rows_.size() && !best_; row++)
                search(0, row);
            if (!best_)
                break;
            matches++;
            from = *best_ + 1;
        }
        return matches;
    }

  private:
    void search(size_t item, size_t row) {
        if (best_ || (rows_[row].steps & items_[item].accepts) == 0)
            return;
        if (item + 1 == items_.size()) {
            best_ = row;
            return;
        }
        const PatternItem& next = items_[item + 1];
        for (size_t other = row + 1; other < rows_.size(); other++) {
            if (next.gap == PatternItem::Gap::None && other > row + 1)
                return;
            const uint64_t time = elapsed(rows_[row].time, rows_[other].time);
            if (next.gap == PatternItem::Gap::Timed && (time < next.atLeast || time > next.atMost))
                continue;
            search(item + 1, other);
        }
    }

    const std::vector<PatternItem>& items_;
    std::vector<StepEvent> rows_;
    std::optional<size_t> best_;
};

TEST(Sequence, EqualsBacktracking) {
    std::mt19937_64 random(11);
    uint64_t matched = 0;
    for (int round = 0; round < 20000; round++) {
        const uint32_t conditions = 1 + static_cast<uint32_t>(random() % 3);
        std::string text = "(?1)";
        for (uint64_t items = random() % 4; items > 0; items--) {
            const std::string seconds = std::to_string(random() % 6);
            switch (random() % 8) {
                case 0:
                    text += ".*";
                    break;
                case 1:
                    text += "(?t<=" + seconds + ")";
                    break;
                case 2:
                    text += "(?t>=" + seconds + ")";
                    break;
                case 3:
                    text += "(?t==" + seconds + ")";
                    break;
                case 4:
                    text += "(?t>" + seconds + ")(?t<=" + seconds + "0)";
                    break;
                case 5:
                    text += ".";
                    break;
                default:
                    break;
            }
            text += "(?" + std::to_string(1 + random() % conditions) + ")";
        }
        std::vector<StepEvent> events(random() % 14);
        int64_t time = 0;
        for (StepEvent& event : events) {
            time += static_cast<int64_t>(random() % 4) * kSecond;
            event.time = time;
            event.steps = 1 + static_cast<uint32_t>(random() % stepMask(conditions));
        }
        SequencePattern pattern(std::pmr::new_delete_resource());
        pattern.parse(text, conditions);
        std::vector<StepEvent> sorted = events;
        std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a < b; });
        const std::vector<PatternItem> items(pattern.items().begin(), pattern.items().end());
        const uint64_t expected = Backtracking(items, sorted).count();
        std::ranges::shuffle(events, random);
        ASSERT_EQ(count(text, conditions, events), expected) << text << " round " << round;
        matched += expected;
    }
    EXPECT_GT(matched, 10000U);
}

TEST(Sequence, NextSeesRowsThatMeetNothing) {
    SequenceNextState state(std::pmr::new_delete_resource());
    state.shape().set("(?1)(?2)", 2);
    state.events().append(4, 0, "search", SIZE_MAX);
    state.events().append(3, 2, "cart", SIZE_MAX);
    state.events().append(2, 0, "hover", SIZE_MAX);
    state.events().append(1, 1, "view", SIZE_MAX);
    EXPECT_EQ(state.next()->view(), "search");

    base::ByteWriter writer;
    state.pack(writer);
    SequenceNextState copy(std::pmr::new_delete_resource());
    base::ByteReader reader(writer.bytes());
    copy.unpack(reader, SIZE_MAX);
    EXPECT_EQ(copy.next()->view(), "search");
}

TEST(Sequence, DamagedStatesAreErrors) {
    SequenceNextState state(std::pmr::new_delete_resource());
    state.shape().set("(?1)(?t<=10)(?2)", 2);
    for (int i = 0; i < 20; i++)
        state.events().append(i, static_cast<uint32_t>(i % 4), i % 2 == 0 ? "view" : "cart",
                              1 << 20);
    state.events().appendWithoutText(30, 1, 1 << 20);
    base::ByteWriter writer;
    state.pack(writer);
    const std::vector<std::byte> bytes(writer.bytes().begin(), writer.bytes().end());
    for (size_t size = 0; size < bytes.size(); size++) {
        SequenceNextState target(std::pmr::new_delete_resource());
        base::ByteReader reader({bytes.data(), size});
        EXPECT_THROW(target.unpack(reader, 1 << 20), base::Error) << size;
    }
    std::mt19937_64 random(12);
    for (int round = 0; round < 20000; round++) {
        std::vector<std::byte> damaged = bytes;
        damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        SequenceNextState target(std::pmr::new_delete_resource());
        base::ByteReader reader(damaged);
        try {
            target.unpack(reader, 1 << 20);
            (void)target.next();
        } catch (const base::Error&) {
        }
    }
}

TEST(TextPool, KeepsEachTextOnce) {
    TextPool pool(std::pmr::new_delete_resource());
    const PooledText* first = pool.intern("a", SIZE_MAX);
    for (int i = 0; i < 1000; i++)
        (void)pool.intern("text " + std::to_string(i % 100), SIZE_MAX);
    EXPECT_EQ(pool.intern("a", SIZE_MAX), first);
    EXPECT_EQ(first->view(), "a");
    EXPECT_EQ(pool.size(), 101U);
    EXPECT_EQ(pool.intern("", SIZE_MAX)->view(), "");
    EXPECT_THROW((void)pool.intern("something new", 100), base::Error);
}

}  // namespace
}  // namespace footfall::behavior
