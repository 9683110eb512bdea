// DISTINCT values that travel between processes as pages of bits.
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <set>

#include "engine/aggregate/aggregation.h"
#include "engine/aggregate/distinct_set.h"

namespace footfall::aggregate {
namespace {

using Random = std::mt19937_64;
using Truth = std::set<std::pair<uint32_t, uint64_t>>;
using vector::ColumnType;
using vector::Kind;

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

Truth contentOf(const DistinctSet& set) {
    std::pmr::vector<DistinctSet::Pair> pairs;
    set.sorted(pairs);
    Truth truth;
    for (const DistinctSet::Pair& pair : pairs)
        truth.emplace(pair.group, pair.value);
    EXPECT_EQ(truth.size(), pairs.size());
    return truth;
}

// Pages into a set that is empty, hashed, bits or wide.
TEST(DistinctSet, TakesPagesOfAnother) {
    Random random(3);
    for (int round = 0; round < 40; ++round) {
        const uint64_t groups = 1 + random() % 5;
        DistinctSet from(heap());
        while (!from.isBits()) {
            for (int i = 0; i < 1000; ++i)
                from.insert(static_cast<uint32_t>(random() % groups), random() % 9000);
        }
        std::pmr::vector<DistinctSet::PageOfGroup> pages;
        from.sortedPages(pages);
        DistinctSet into(heap());
        Truth truth;
        constexpr int kBefore[] = {0, 100, 60000};
        for (int i = kBefore[round % 3]; i > 0; --i) {
            const auto group = static_cast<uint32_t>(random() % groups);
            const uint64_t value = round % 4 == 3 ? random() : random() % 12000;
            into.insert(group, value);
            truth.emplace(group, value);
        }
        for (const auto& page : pages) {
            const size_t before = truth.size();
            for (uint64_t bit = 0; bit < DistinctSet::kPageValues; ++bit) {
                if ((page.words[bit / 64] >> bit % 64 & 1) != 0)
                    truth.emplace(page.group, page.number * DistinctSet::kPageValues + bit);
            }
            ASSERT_EQ(into.insertPage(page.group, page.number, page.words), truth.size() - before);
            ASSERT_EQ(into.insertPage(page.group, page.number, page.words), 0U);
        }
        EXPECT_EQ(contentOf(into), truth);
    }
}

TEST(DistinctSet, SparsePagesBecomeWords) {
    DistinctSet set(heap());
    uint64_t words[DistinctSet::kPageWords] = {1};
    for (uint64_t page = 0; page < 5000; ++page)
        ASSERT_EQ(set.insertPage(0, page * 1000, words), 1U);
    EXPECT_FALSE(set.isBits());
    EXPECT_EQ(set.insertPage(0, DistinctSet::kPages - 1, words), 1U);
    EXPECT_EQ(contentOf(set).size(), 5001U);
}

class OneColumn final : public scan::Batch {
  public:
    explicit OneColumn(ColumnType type) : type_(type), block_(heap()) {}
    const vector::Block& column(uint32_t) override { return block_; }
    template <class T>
    void fill(const std::vector<T>& values) {
        block_.shape = vector::Block::Shape::Flat;
        block_.values.reset(type_);
        for (const T value : values)
            block_.values.append(value);
        rows_ = block_.rows = static_cast<uint32_t>(values.size());
    }

  private:
    ColumnType type_;
    vector::Block block_;
};

// Three processes' values, dense and overlapping, counted, added up, averaged.
template <class T>
void expectUnion(Kind kind, uint64_t range) {
    const ColumnType type = ColumnType::of(kind);
    scan::ExpressionBuilder builder(heap());
    AggregateSpec aggregates[3];
    constexpr Function kFunctions[] = {Function::Count, Function::Sum, Function::Average};
    for (int i = 0; i < 3; ++i) {
        aggregates[i].function = kFunctions[i];
        aggregates[i].argument = builder.column(0, type);
        aggregates[i].distinct = true;
    }
    const AggregationSpec spec{{}, {}, aggregates};
    Aggregation total(spec, nullptr, nullptr, 0, heap());
    std::set<T> truth;
    Random random(9);
    size_t bytes = 0;
    for (int process = 0; process < 3; ++process) {
        scan::Evaluator evaluator(builder, nullptr, heap());
        Aggregation part(spec, &evaluator, nullptr, 0, heap());
        OneColumn batch(type);
        for (int round = 0; round < 40; ++round) {
            std::vector<T> values(1000);
            for (T& value : values)
                truth.insert(value = static_cast<T>(random() % range));
            batch.fill(values);
            scan::Selection selection;
            selection.selectAll(1000);
            part.consume(batch, selection);
        }
        base::Buffer state(heap());
        while (part.nextState(state, 65536)) {
            bytes += state.size();
            total.merge({state.data(), state.size()});
            // A record cut short is refused, and says nothing.
            Aggregation other(spec, nullptr, nullptr, 0, heap());
            for (size_t cut = 1; cut < 300 && cut < state.size(); cut += 7) {
                EXPECT_THROW(other.merge({state.data(), state.size() - cut}), base::Error);
            }
        }
    }
    total.finish();
    ASSERT_TRUE(total.nextGroups());
    int64_t sum = 0;
    for (const T value : truth)
        sum += value;
    EXPECT_EQ(total.result(0, 0).integer, static_cast<int64_t>(truth.size()));
    EXPECT_TRUE(total.result(0, 1).sum == sum);
    EXPECT_EQ(total.result(0, 2).count, static_cast<int64_t>(truth.size()));
    // As pages: about a bit a value.
    EXPECT_LT(bytes, 3 * 3 * (range / 8 + range / 256 + 1000));
}

TEST(Aggregation, DenseDistinctValuesTravelAsBits) {
    expectUnion<int64_t>(Kind::Int64, 30000);
    expectUnion<int32_t>(Kind::Int32, 30000);
    expectUnion<int16_t>(Kind::Int16, 32768);
}

}  // namespace
}  // namespace footfall::aggregate
