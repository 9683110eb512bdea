#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "engine/aggregate/aggregation.h"
#include "engine/aggregate/counting_resource.h"
#include "engine/aggregate/distinct_set.h"
#include "tests/unit/engine/naive_expression.h"
#include "tests/unit/engine/random_batch.h"

namespace footfall::aggregate {
namespace {

using samples::below;
using samples::NaiveValue;
using samples::Random;
using samples::RandomBatch;
using scan::Expression;
using scan::ExpressionBuilder;
using scan::Operator;
using scan::Selection;
using vector::Column;
using vector::ColumnType;
using vector::Kind;

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

const std::vector<ColumnType>& types() {
    static const std::vector<ColumnType> kTypes = {
        ColumnType::of(Kind::Bool),    ColumnType::of(Kind::Int16),   ColumnType::of(Kind::Int32),
        ColumnType::of(Kind::Int64),   ColumnType::of(Kind::Float32), ColumnType::of(Kind::Float64),
        ColumnType::bytes(),           ColumnType::bytes(),           ColumnType::fixed(16),
        ColumnType::of(Kind::Float64), ColumnType::of(Kind::Int64)};
    return kTypes;
}

class MemorySpill final : public SpillSource {
  public:
    void write(uint32_t file, std::span<const std::byte> record) override {
        EXPECT_FALSE(reading.contains(file));
        EXPECT_LE(file, files.size());
        if (file == files.size())
            files.emplace_back();
        files[file].emplace_back(record.begin(), record.end());
    }
    bool read(uint32_t file, base::Buffer& record) override {
        size_t& at = reading[file];
        if (at == files[file].size())
            return false;
        record.clear();
        record.append(files[file][at].data(), files[file][at].size());
        ++at;
        return true;
    }
    void drop(uint32_t file) override {
        files[file].clear();
        ++dropped;
    }
    std::vector<std::vector<std::vector<std::byte>>> files;
    std::map<uint32_t, size_t> reading;
    size_t dropped = 0;
};

std::string textOf(ColumnType type, bool null, int64_t integer, double real,
                   std::string_view bytes) {
    if (null)
        return "NULL";
    std::ostringstream out;
    if (type.isInteger())
        out << integer;
    else if (type.isFloat())
        out << (real != real ? "NaN" : std::to_string(real + 0.0));
    else
        out << "'" << bytes << "'";
    return out.str();
}

// One aggregate, row at a time, exactly (values are few and small or enormous).
struct NaiveState {
    int64_t rows = 0;
    std::vector<std::pair<NaiveValue, NaiveValue>> values;

    static bool lessThan(ColumnType type, const NaiveValue& a, const NaiveValue& b) {
        if (type.isInteger())
            return a.integer < b.integer;
        if (type.isFloat())
            return std::isnan(b.real) ? !std::isnan(a.real) : a.real < b.real;
        return a.bytes < b.bytes;
    }
    void makeDistinct(ColumnType type) {
        std::map<std::string, std::pair<NaiveValue, NaiveValue>> seen;
        for (const auto& value : values) {
            seen.emplace(
                textOf(type, false, value.first.integer, value.first.real, value.first.bytes),
                value);
        }
        values.clear();
        for (const auto& [text, value] : seen)
            values.push_back(value);
    }
};

void expectNear(double actual, long double expected, long double size, const std::string& what) {
    if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(actual)) << what;
    } else if (std::isinf(expected)) {
        EXPECT_EQ(actual, static_cast<double>(expected)) << what;
    } else {
        EXPECT_LE(std::fabs(actual - expected), 1e-12L * size + 1e-300L) << what;
    }
}

void compareResult(const AggregateSpec& spec, NaiveState state, const Result& result,
                   const std::string& what) {
    if (spec.function == Function::CountRows) {
        EXPECT_EQ(result.integer, state.rows) << what;
        return;
    }
    const ColumnType type = spec.argument->type;
    if (spec.distinct)
        state.makeDistinct(type);
    const auto count = static_cast<int64_t>(state.values.size());
    EXPECT_EQ(result.count, count) << what;
    Int128 sum = 0;
    Int128 squares = 0;
    long double real = 0;
    long double size = 0;
    for (const auto& [x, y] : state.values) {
        sum += x.integer;
        // Only compared where it does not wrap.
        __extension__ using Wide = unsigned __int128;
        squares =
            static_cast<Int128>(static_cast<Wide>(squares) +
                                static_cast<Wide>(static_cast<Int128>(x.integer) * x.integer));
        real += x.real;
        size += std::fabs(x.real);
    }
    switch (spec.function) {
        case Function::CountRows:
        case Function::Count:
            EXPECT_EQ(result.integer, count) << what;
            return;
        case Function::Sum:
        case Function::Average:
            EXPECT_EQ(result.null, count == 0) << what;
            if (count == 0)
                return;
            if (type.isFloat()) {
                const long double n = spec.function == Function::Sum ? 1 : count;
                const long double narrow = type.kind == Kind::Float32 && n == 1 ? 1e5L : 1;
                expectNear(result.real, real / n, size / n * narrow, what);
            } else {
                EXPECT_TRUE(result.sum == sum) << what;
            }
            return;
        case Function::Min:
        case Function::Max:
        case Function::BoolAnd:
        case Function::BoolOr: {
            EXPECT_EQ(result.null, count == 0) << what;
            if (count == 0)
                return;
            const bool min = spec.function == Function::Min || spec.function == Function::BoolAnd;
            NaiveValue best = state.values[0].first;
            for (const auto& [x, y] : state.values) {
                if (min ? NaiveState::lessThan(type, x, best) : NaiveState::lessThan(type, best, x))
                    best = x;
            }
            EXPECT_EQ(textOf(type, false, result.integer, result.real, result.bytes),
                      textOf(type, false, best.integer, best.real, best.bytes))
                << what;
            return;
        }
        case Function::Variance:
            if (!type.isFloat()) {
                EXPECT_TRUE(result.sum == sum) << what;
                EXPECT_TRUE(result.sumOfSquares == squares) << what;
            } else if (count > 0) {
                long double spread = 0;
                for (const auto& [x, y] : state.values)
                    spread += (x.real - real / count) * (x.real - real / count);
                expectNear(result.moments[1], spread, spread + size, what);
            }
            return;
        case Function::Regression: {
            long double xs = 0;
            long double ys = 0;
            for (const auto& [x, y] : state.values) {
                xs += x.real;
                ys += y.real;
            }
            long double together = 0;
            long double scale = 1;
            for (const auto& [x, y] : state.values) {
                const long double part = (x.real - xs / count) * (y.real - ys / count);
                together += part;
                scale += std::fabs(part);
            }
            if (count > 0)
                expectNear(result.moments[4], together, scale, what);
            return;
        }
    }
}

class Trial {
  public:
    explicit Trial(Random& random) : random_(random), builder_(heap()) {
        for (uint64_t i = below(random_, 4); i > 0; --i)
            keys_.push_back(key());
        for (uint64_t i = 1 + below(random_, 4); i > 0; --i)
            aggregates_.push_back(aggregate());
        if (below(random_, 3) == 0)
            filters_.push_back(condition());
        spec_ = {filters_, keys_, aggregates_};
    }

    const AggregationSpec& spec() const { return spec_; }
    const ExpressionBuilder& builder() const { return builder_; }

    // The same rows into the naive states and the aggregation.
    void feed(Aggregation& aggregation, RandomBatch& batch) {
        Selection selection;
        samples::randomSelection(selection, batch.rows(), random_);
        for (uint32_t i = 0; i < selection.count(); ++i)
            feedNaively(batch, selection[i]);
        aggregation.consume(batch, selection);
    }

    void check(Aggregation& aggregation) {
        aggregation.finish();
        if (keys_.empty() && groups_.empty())
            groups_[""].resize(aggregates_.size());
        size_t seen = 0;
        std::set<std::string> names;
        while (aggregation.nextGroups()) {
            for (uint32_t group = 0; group < aggregation.groups(); ++group) {
                std::string name;
                for (uint32_t i = 0; i < keys_.size(); ++i) {
                    const Value value = aggregation.key(group, i);
                    name +=
                        textOf(keys_[i]->type, value.null, value.integer, value.real, value.bytes) +
                        "|";
                }
                ASSERT_TRUE(names.insert(name).second) << name << " twice";
                const auto found = groups_.find(name);
                ASSERT_NE(found, groups_.end()) << name;
                for (uint32_t i = 0; i < aggregates_.size(); ++i) {
                    compareResult(aggregates_[i], found->second[i], aggregation.result(group, i),
                                  name + " function " +
                                      std::to_string(static_cast<int>(aggregates_[i].function)));
                }
                ++seen;
            }
        }
        EXPECT_EQ(seen, groups_.size());
    }

  private:
    const Expression* column(uint32_t index) { return builder_.column(index, types()[index]); }
    const Expression* key() { return column(static_cast<uint32_t>(below(random_, 11))); }
    const Expression* condition() {
        Column constant(types()[6], heap());
        constant.appendBytes("ab");
        const Expression* arguments[] = {column(6), builder_.constant(std::move(constant))};
        return builder_.call(Operator::Less, ColumnType::of(Kind::Bool), arguments);
    }
    AggregateSpec aggregate() {
        AggregateSpec spec;
        spec.function = static_cast<Function>(1 + below(random_, 10));
        if (below(random_, 3) == 0)
            spec.filter = condition();
        static const uint32_t kNumbers[] = {1, 2, 3, 4, 5};
        switch (spec.function) {
            case Function::CountRows:
                return spec;
            case Function::Sum:
            case Function::Average:
                spec.argument = column(kNumbers[below(random_, 5)]);
                spec.distinct = below(random_, 3) == 0;
                break;
            case Function::BoolAnd:
            case Function::BoolOr:
                spec.argument = column(0);
                break;
            case Function::Variance: {
                static const uint32_t kSmall[] = {1, 2, 4, 5};
                spec.argument = column(kSmall[below(random_, 4)]);
                break;
            }
            case Function::Regression:
                spec.argument = column(5);
                spec.second = column(9);
                break;
            default:
                spec.argument = column(static_cast<uint32_t>(below(random_, types().size())));
                spec.distinct = spec.function == Function::Count && below(random_, 2) == 0;
        }
        return spec;
    }

    void feedNaively(RandomBatch& batch, uint32_t row) {
        const auto at = [&](const Expression* expression) {
            return samples::naiveAt(batch.column(expression->index), row);
        };
        const auto passes = [&](const Expression* condition) {
            const NaiveValue value = at(condition->arguments[0]);
            return !value.null && value.bytes < "ab";
        };
        for (const Expression* filter : filters_) {
            if (!passes(filter))
                return;
        }
        std::string name;
        for (const Expression* key : keys_) {
            const NaiveValue value = at(key);
            name += textOf(key->type, value.null, value.integer, value.real, value.bytes) + "|";
        }
        auto& states = groups_[name];
        states.resize(aggregates_.size());
        for (size_t i = 0; i < aggregates_.size(); ++i) {
            const AggregateSpec& spec = aggregates_[i];
            if (spec.filter != nullptr && !passes(spec.filter))
                continue;
            ++states[i].rows;
            if (spec.argument == nullptr)
                continue;
            const NaiveValue x = at(spec.argument);
            const NaiveValue y = spec.second == nullptr ? x : at(spec.second);
            if (!x.null && !y.null)
                states[i].values.emplace_back(x, y);
        }
    }

    Random& random_;
    ExpressionBuilder builder_;
    std::vector<const Expression*> filters_;
    std::vector<const Expression*> keys_;
    std::vector<AggregateSpec> aggregates_;
    AggregationSpec spec_;
    std::map<std::string, std::vector<NaiveState>> groups_;
};

// An overflow of floats is an error of the query; such trials end there.
template <class Body>
bool unlessOverflow(Body&& body) {
    try {
        body();
        return true;
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::OutOfRange) << error.what();
        return false;
    }
}

TEST(Aggregation, AgreesWithRowAtATime) {
    Random random(11);
    int completed = 0;
    for (int round = 0; round < 1500; ++round) {
        SCOPED_TRACE(round);
        Trial trial(random);
        RandomBatch batch(types(), random);
        scan::Evaluator evaluator(trial.builder(), nullptr, heap());
        Aggregation aggregation(trial.spec(), &evaluator, nullptr, 0, heap());
        completed += unlessOverflow([&] {
            for (uint64_t i = below(random, 5); i > 0; --i) {
                batch.refill(static_cast<uint32_t>(1 + below(random, i == 1 ? 1024 : 60)));
                trial.feed(aggregation, batch);
            }
            trial.check(aggregation);
        });
        if (HasFailure())
            return;
    }
    EXPECT_GT(completed, 1000);
}

TEST(Aggregation, StatesTravelAndSpill) {
    Random random(12);
    int completed = 0;
    uint64_t spilled = 0;
    for (int round = 0; round < 800; ++round) {
        SCOPED_TRACE(round);
        Trial trial(random);
        RandomBatch batch(types(), random);
        MemorySpill finalSpill;
        const bool tight = round % 2 == 0;
        Aggregation total(trial.spec(), nullptr, tight ? &finalSpill : nullptr, 1, heap());
        completed += unlessOverflow([&] {
            for (int worker = 0; worker < 3; ++worker) {
                scan::Evaluator evaluator(trial.builder(), nullptr, heap());
                MemorySpill spill;
                Aggregation part(trial.spec(), &evaluator, tight ? &spill : nullptr, 1, heap());
                for (uint64_t i = below(random, 4); i > 0; --i) {
                    batch.refill(static_cast<uint32_t>(1 + below(random, 100)));
                    trial.feed(part, batch);
                }
                base::Buffer state(heap());
                while (part.nextState(state, 64))
                    total.merge({state.data(), state.size()});
                spilled += part.spilledFiles();
                EXPECT_EQ(spill.dropped, spill.files.size());
            }
            trial.check(total);
        });
        if (HasFailure())
            return;
    }
    EXPECT_GT(completed, 500);
    EXPECT_GT(spilled, 1000U);
}

// Blocks set by a test itself.
class Blocks final : public scan::Batch {
  public:
    explicit Blocks(size_t columns) {
        for (size_t i = 0; i < columns; ++i)
            blocks.emplace_back(heap());
    }
    const vector::Block& column(uint32_t index) override { return blocks[index]; }
    void setRows(uint32_t rows) {
        rows_ = rows;
        for (vector::Block& block : blocks)
            block.rows = rows;
    }
    std::deque<vector::Block> blocks;
};

// Many groups: tables grow, dense becomes hashed, interned numbers become direct.
TEST(Aggregation, KeepsMillionsOfKeysApart) {
    ExpressionBuilder builder(heap());
    const Expression* key = builder.column(0, ColumnType::of(Kind::Int64));
    const Expression* code = builder.column(1, ColumnType::of(Kind::Int32));
    const Expression* keys[] = {key, code};
    AggregateSpec aggregates[2];
    aggregates[1].function = Function::Sum;
    aggregates[1].argument = key;
    scan::Evaluator evaluator(builder, nullptr, heap());
    Aggregation aggregation({{}, keys, aggregates}, &evaluator, nullptr, 0, heap());
    Blocks batch(2);
    Column dictionary(ColumnType::of(Kind::Int32), heap());
    for (int32_t i = 0; i < 5; ++i)
        dictionary.append<int32_t>(i);
    batch.blocks[1].shape = vector::Block::Shape::Dictionary;
    batch.blocks[1].dictionary = &dictionary;
    batch.blocks[1].dictionaryId = encoding::nextDictionaryId();
    constexpr int64_t kRows = 300 * 1024;
    constexpr int64_t kGroups = 100000;
    int64_t row = 0;
    Column few(ColumnType::of(Kind::Int64), heap());
    for (int64_t i = 0; i < 700; ++i)
        few.append<int64_t>(i);
    while (row < kRows) {
        batch.blocks[0].values.reset(ColumnType::of(Kind::Int64));
        batch.blocks[0].codes.clear();
        batch.blocks[1].codes.clear();
        // The first batches come dictionary-coded.
        const bool coded = row < 700;
        batch.blocks[0].shape =
            coded ? vector::Block::Shape::Dictionary : vector::Block::Shape::Flat;
        batch.blocks[0].dictionary = &few;
        batch.blocks[0].dictionaryId = 1;
        const int64_t count = coded ? 700 : 1024;
        for (int64_t i = 0; i < count; ++i, ++row) {
            if (coded)
                batch.blocks[0].codes.push_back(static_cast<uint32_t>(row));
            else
                batch.blocks[0].values.append<int64_t>(row % kGroups);
            batch.blocks[1].codes.push_back(static_cast<uint32_t>(row % kGroups % 5));
        }
        batch.setRows(static_cast<uint32_t>(count));
        Selection selection;
        selection.selectAll(static_cast<uint32_t>(count));
        aggregation.consume(batch, selection);
    }
    aggregation.finish();
    ASSERT_TRUE(aggregation.nextGroups());
    ASSERT_EQ(aggregation.groups(), static_cast<uint32_t>(kGroups));
    for (uint32_t group = 0; group < aggregation.groups(); ++group) {
        const int64_t value = aggregation.key(group, 0).integer;
        ASSERT_EQ(aggregation.key(group, 1).integer, value % 5);
        const int64_t times = row / kGroups + (value < row % kGroups ? 1 : 0);
        ASSERT_EQ(aggregation.result(group, 0).integer, times) << value;
        ASSERT_TRUE(aggregation.result(group, 1).sum == Int128{value} * times);
    }
    EXPECT_FALSE(aggregation.nextGroups());
    EXPECT_GT(aggregation.memoryBytes(), size_t{kGroups} * 16);
}

TEST(Aggregation, FloatingSumsAreExactEnough) {
    ExpressionBuilder builder(heap());
    AggregateSpec aggregates[2];
    aggregates[0].function = Function::Sum;
    aggregates[0].argument = builder.column(0, ColumnType::of(Kind::Float64));
    aggregates[1] = aggregates[0];
    const Expression* keys[] = {builder.column(1, ColumnType::of(Kind::Int32))};
    Random random(5);
    for (const bool grouped : {false, true}) {
        scan::Evaluator evaluator(builder, nullptr, heap());
        AggregationSpec spec{{}, keys, aggregates};
        if (!grouped)
            spec.keys = {};
        Aggregation aggregation(spec, &evaluator, nullptr, 0, heap());
        Blocks batch(2);
        long double exact[3] = {};
        long double size[3] = {};
        for (int round = 0; round < 400; ++round) {
            for (vector::Block& block : batch.blocks)
                block.values.reset(
                    ColumnType::of(&block == &batch.blocks[0] ? Kind::Float64 : Kind::Int32));
            for (int i = 0; i < 1000; ++i) {
                const double value = static_cast<double>(static_cast<int64_t>(random())) *
                                     std::exp2(-20.0 * (i % 3));
                const auto group = static_cast<int32_t>(grouped ? below(random, 3) : 0);
                batch.blocks[0].values.append<double>(value);
                batch.blocks[1].values.append<int32_t>(group);
                exact[group] += value;
                size[group] += std::fabs(value);
            }
            batch.setRows(1000);
            Selection selection;
            selection.selectAll(1000);
            aggregation.consume(batch, selection);
        }
        aggregation.finish();
        ASSERT_TRUE(aggregation.nextGroups());
        for (uint32_t group = 0; group < aggregation.groups(); ++group) {
            const int64_t key = grouped ? aggregation.key(group, 0).integer : 0;
            expectNear(aggregation.result(group, 0).real, exact[key], size[key] * 1e-3L, "sum");
        }
    }
}

// What sum and avg make of these values: as one batch, and as states of each half. Empty where they
// overflow.
std::vector<std::optional<double>> sumAndAverage(const std::vector<double>& values, bool split) {
    std::vector<std::optional<double>> results;
    for (const Function function : {Function::Sum, Function::Average}) {
        ExpressionBuilder builder(heap());
        AggregateSpec aggregate;
        aggregate.function = function;
        aggregate.argument = builder.column(0, ColumnType::of(Kind::Float64));
        const AggregationSpec spec{{}, {}, {&aggregate, 1}};
        scan::Evaluator evaluator(builder, nullptr, heap());
        Aggregation total(spec, &evaluator, nullptr, 0, heap());
        Blocks batch(1);
        const auto feed = [&](Aggregation& into, size_t first, size_t end) {
            batch.blocks[0].values.reset(ColumnType::of(Kind::Float64));
            for (size_t i = first; i < end; ++i)
                batch.blocks[0].values.append<double>(values[i]);
            batch.setRows(static_cast<uint32_t>(end - first));
            Selection selection;
            selection.selectAll(batch.rows());
            into.consume(batch, selection);
        };
        try {
            const size_t half = split ? values.size() / 2 : 0;
            for (const auto& [first, end] : {std::pair{size_t{0}, half}, {half, values.size()}}) {
                if (!split) {
                    feed(total, first, end);
                    continue;
                }
                Aggregation part(spec, &evaluator, nullptr, 0, heap());
                feed(part, first, end);
                base::Buffer state(heap());
                while (part.nextState(state))
                    total.merge({state.data(), state.size()});
            }
            total.finish();
            total.nextGroups();
            results.emplace_back(total.result(0, 0).real);
        } catch (const base::Error& error) {
            EXPECT_EQ(error.kind(), base::ErrorKind::OutOfRange) << error.what();
            results.emplace_back();
        }
    }
    return results;
}

// As PostgreSQL: finite inputs do not end in infinity, and an average fails when the squares that
// it keeps for nothing overflow.
TEST(Aggregation, FloatingSumsOverflowAsPostgreSQLs) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    using Results = std::vector<std::optional<double>>;
    for (const bool split : {false, true}) {
        const auto of = [&](std::vector<double> values) { return sumAndAverage(values, split); };
        EXPECT_EQ(of({1e308, 1e308, -1e308, -1e308}), (Results{{}, {}})) << split;
        EXPECT_EQ(of({1e308, 1e308, kInfinity, 1}), (Results{{}, {}})) << split;
        EXPECT_EQ(of({1e200, -1e200}), (Results{0.0, {}})) << split;
        EXPECT_EQ(of({1e200, 1}), (Results{1e200, {}})) << split;
        EXPECT_EQ(of({1, 2, 1e200, 1}), (Results{1e200, {}})) << split;
        EXPECT_EQ(of({1e150, -1e150}), (Results{0.0, 0.0})) << split;
        EXPECT_EQ(of({1e150, 1e150, 1e150, 1e150}), (Results{4e150, 1e150})) << split;
        EXPECT_EQ(of({-kInfinity, 1e300, 1, 2}), (Results{-kInfinity, -kInfinity})) << split;
        EXPECT_EQ(of({1e300, 3, kInfinity, 1e300})[0], kInfinity) << split;
        const Results both = of({kInfinity, 1, -kInfinity, 1});
        EXPECT_TRUE(std::isnan(both[0].value()) && std::isnan(both[1].value())) << split;
    }
    EXPECT_EQ(sumAndAverage({1e308}, false), (Results{1e308, 1e308}));
}

TEST(Aggregation, RefusesDamagedStates) {
    Random random(13);
    uint64_t refused = 0;
    for (int round = 0; round < 300; ++round) {
        Trial trial(random);
        RandomBatch batch(types(), random);
        scan::Evaluator evaluator(trial.builder(), nullptr, heap());
        Aggregation part(trial.spec(), &evaluator, nullptr, 0, heap());
        batch.refill(50);
        base::Buffer state(heap());
        if (!unlessOverflow([&] { trial.feed(part, batch); }) || !part.nextState(state))
            continue;
        for (int damage = 0; damage < 30; ++damage) {
            std::vector<std::byte> bytes(state.data(), state.data() + state.size());
            if (damage == 0) {
                bytes.pop_back();
            } else if (damage == 1) {
                bytes.push_back(std::byte{0});
            } else {
                bytes[below(random, bytes.size())] ^=
                    static_cast<std::byte>(1 + below(random, 255));
            }
            Aggregation total(trial.spec(), nullptr, nullptr, 0, heap());
            try {
                total.merge(bytes);
                EXPECT_GT(damage, 1);
                total.finish();
            } catch (const base::Error& error) {
                EXPECT_TRUE(error.kind() == base::ErrorKind::CorruptData ||
                            error.kind() == base::ErrorKind::OutOfRange)
                    << error.what();
                ++refused;
            }
        }
    }
    EXPECT_GT(refused, 600U);
}

// Dense values become bits, in whatever order they come; later ones far apart do not stay so; one
// that is too large changes all once more.
TEST(DistinctSet, ChangesItsFormWithTheValues) {
    Random random(11);
    for (int round = 0; round < 12; ++round) {
        DistinctSet set(heap());
        std::set<std::pair<uint32_t, uint64_t>> truth;
        const uint32_t groups = 1 + static_cast<uint32_t>(below(random, 40));
        const bool ascending = round % 2 == 0;
        const auto insert = [&](uint32_t group, uint64_t value) {
            ASSERT_EQ(set.insert(group, value), truth.emplace(group, value).second)
                << group << " " << value;
        };
        for (uint64_t i = 0; i < 60000; ++i)
            insert(static_cast<uint32_t>(below(random, groups)),
                   ascending ? i / 7 : below(random, 9000));
        if (round % 3 == 1) {
            for (int i = 0; i < 60000; ++i)
                insert(static_cast<uint32_t>(below(random, groups)), random() >> 25);
        }
        if (round % 4 == 2)
            insert(round % 8 == 2 ? 1U << 24 : 0, UINT64_MAX - 1);
        insert(0, 0);
        insert(groups - 1, (uint64_t{1} << 40) - 1025);
        insert(groups - 1, (uint64_t{1} << 40) - 1024);
        insert(groups - 1, (uint64_t{1} << 40) - 1);
        insert(groups - 1, UINT64_MAX);
        for (int i = 0; i < 2000; ++i)
            insert(static_cast<uint32_t>(below(random, groups)), below(random, 9000));
        std::pmr::vector<DistinctSet::Pair> pairs;
        set.sorted(pairs);
        ASSERT_EQ(pairs.size(), truth.size());
        size_t at = 0;
        for (const auto& [group, value] : truth) {
            ASSERT_EQ(pairs[at].group, group);
            ASSERT_EQ(pairs[at++].value, value);
        }
    }
}

// A million customers on each of thirty days.
TEST(DistinctSet, IsSmallWhereValuesAreDense) {
    CountingResource memory(heap());
    DistinctSet set(&memory);
    constexpr uint64_t kValues = 100000;
    for (uint64_t value = 0; value < kValues; ++value) {
        for (uint32_t group = 0; group < 30; ++group)
            ASSERT_TRUE(set.insert(group, value));
    }
    EXPECT_LT(memory.held(), kValues * 30 / 2);
}

TEST(DistinctSet, TellsNewFromSeen) {
    Random random(7);
    DistinctSet set(heap());
    std::set<std::pair<uint32_t, uint64_t>> truth;
    for (int i = 0; i < 20000; ++i) {
        const auto group = static_cast<uint32_t>(below(random, 5));
        // From half way on, values that do not fit into a word with the group.
        const uint64_t value = i < 10000 ? below(random, 3000) : random() >> below(random, 64);
        ASSERT_EQ(set.insert(group, value), truth.emplace(group, value).second);
    }
    std::pmr::vector<DistinctSet::Pair> pairs;
    set.sorted(pairs);
    ASSERT_EQ(pairs.size(), truth.size());
    size_t at = 0;
    for (const auto& [group, value] : truth) {
        EXPECT_EQ(pairs[at].group, group);
        EXPECT_EQ(pairs[at++].value, value);
    }
}

}  // namespace
}  // namespace footfall::aggregate
