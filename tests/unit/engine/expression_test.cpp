#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <tuple>

#include "engine/scan/evaluator.h"
#include "engine/scan/like_pattern.h"
#include "tests/unit/engine/naive_expression.h"
#include "tests/unit/engine/random_batch.h"

namespace footfall::scan {
namespace {

using samples::below;
using samples::NaiveEvaluator;
using samples::NaiveValue;
using samples::Random;
using samples::RandomBatch;
using vector::Column;
using vector::ColumnType;
using vector::Kind;

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

const ColumnType kBool = ColumnType::of(Kind::Bool);
const ColumnType kInt64 = ColumnType::of(Kind::Int64);

// 0: Int64 plus 100, NULL gives 7. 1: Bytes twice. 2: Int64 as it is, fails for 2. 3: Int64 rounded
// down to tens, from 1000 on to thirties (a step that buckets of ten may hold or not). 4: Int64's
// place in a day of 96 buckets of ten: the first or the second half. 5: the tens, but within 73 to
// 76 others.
class Functions final : public ForeignFunctions {
  public:
    NaiveValue call(uint32_t id, const std::vector<NaiveValue>& arguments) {
        ++calls;
        const NaiveValue& a = arguments[0];
        if (id == 0)
            return samples::naiveInteger(a.null ? 7 : (a.integer & 0xffff) + 100);
        if (a.null)
            return {};
        NaiveValue result = a;
        if (id == 1)
            result.bytes += a.bytes;
        if (id == 2 && a.integer == 2)
            throw base::Error(base::ErrorKind::BadArgument, "two");
        if (id == 3)
            result.integer = stepped(a.integer);
        if (id == 4)
            result.integer = a.integer / 480 % 2;
        if (id == 5)
            result.integer = a.integer / 10 + (a.integer >= 73 && a.integer <= 76 ? 100 : 0);
        return result;
    }
    static int64_t stepped(int64_t value) {
        const int64_t width = value >= 1000 ? 30 : 10;
        if (value == INT64_MIN || value == INT64_MAX)
            return value;
        // Wraps at the very low end.
        return static_cast<int64_t>(static_cast<uint64_t>(value) -
                                    static_cast<uint64_t>(((value % width) + width) % width));
    }
    void evaluate(uint32_t id, std::span<const vector::Block* const> arguments,
                  std::span<const uint16_t> rows, Column& out) override {
        for (const uint16_t row : rows) {
            std::vector<NaiveValue> values;
            for (const vector::Block* argument : arguments)
                values.push_back(samples::naiveAt(*argument, row));
            const NaiveValue value = call(id, values);
            if (value.null)
                out.appendNull();
            else if (out.type().isBytes())
                out.appendBytes(value.bytes);
            else
                out.append<int64_t>(value.integer);
        }
    }
    uint64_t calls = 0;
};

// Random expressions over the columns of a RandomBatch.
class Generator {
  public:
    Generator(ExpressionBuilder& builder, const RandomBatch& batch, Random& random)
        : builder_(builder), batch_(batch), random_(random) {}

    const Expression* make(ColumnType type, int depth) {
        if (depth == 0 || below(random_, 6) == 0)
            return leaf(type);
        switch (below(random_, 8)) {
            case 0: {
                std::vector<const Expression*> arguments;
                for (uint64_t i = below(random_, 3); i > 0; --i) {
                    arguments.push_back(make(kBool, depth - 1));
                    arguments.push_back(make(type, below(random_, 2) == 0 ? 0 : depth - 1));
                }
                arguments.push_back(make(type, depth - 1));
                return builder_.call(Operator::Case, type, arguments);
            }
            case 1: {
                const Expression* arguments[] = {make(type, depth - 1), make(type, depth - 1)};
                return builder_.call(Operator::Coalesce, type, arguments);
            }
            default:
                break;
        }
        if (type.kind == Kind::Bool)
            return makeBool(depth);
        if (type.isBytes()) {
            const Expression* argument = make(type, depth - 1);
            return builder_.foreign(1, type, {&argument, 1}, below(random_, 2) == 0);
        }
        if (type.kind == Kind::Int64 && below(random_, 4) == 0) {
            const Expression* argument = make(type, depth - 1);
            const auto id = static_cast<uint32_t>(below(random_, 4));
            if (id == 3)
                return builder_.step(3, type, argument, 10);
            return builder_.foreign(id == 1 ? 0 : id, type, {&argument, 1}, below(random_, 2) == 0);
        }
        if (!type.isFloat() && !type.isInteger())
            return leaf(type);
        if (type.kind == Kind::Int8)
            return leaf(type);
        return makeNumber(type, depth);
    }

  private:
    const Expression* leaf(ColumnType type) {
        std::vector<uint32_t> fitting;
        for (uint32_t i = 0; i < batch_.types().size(); ++i) {
            if (batch_.types()[i] == type)
                fitting.push_back(i);
        }
        if (!fitting.empty() && below(random_, 3) != 0)
            return builder_.column(fitting[below(random_, fitting.size())], type);
        return builder_.constant(constants(type, 1));
    }
    Column constants(ColumnType type, uint64_t count) {
        Column result(type, heap());
        for (uint64_t i = 0; i < count; ++i)
            samples::appendRandom(result, random_, below(random_, 4) == 0);
        return result;
    }
    ColumnType anyType() { return batch_.types()[below(random_, batch_.types().size())]; }
    ColumnType numberNotWiderThan(ColumnType type) {
        static const Kind kIntegers[] = {Kind::Int16, Kind::Int32, Kind::Int64};
        while (true) {
            const ColumnType found = ColumnType::of(kIntegers[below(random_, 3)]);
            if (type.isFloat())
                return below(random_, 2) == 0 ? type : ColumnType::of(Kind::Int16);
            if (found.width <= type.width)
                return found;
        }
    }

    const Expression* makeNumber(ColumnType type, int depth) {
        if (below(random_, 3) == 0) {
            static const Kind kNumbers[] = {Kind::Int16, Kind::Int32, Kind::Int64, Kind::Float32,
                                            Kind::Float64};
            const Expression* argument =
                make(ColumnType::of(kNumbers[below(random_, 5)]), depth - 1);
            return builder_.call(Operator::Cast, type, {&argument, 1});
        }
        const auto op =
            static_cast<Operator>(static_cast<uint64_t>(Operator::Add) + below(random_, 7));
        if (op == Operator::Modulo && type.isFloat())
            return leaf(type);
        const Expression* arguments[] = {make(numberNotWiderThan(type), depth - 1),
                                         make(numberNotWiderThan(type), depth - 1)};
        const bool unary = op == Operator::Negate || op == Operator::Absolute;
        return builder_.call(op, type, {arguments, unary ? size_t{1} : size_t{2}});
    }

    const Expression* makeBool(int depth) {
        switch (below(random_, 7)) {
            case 0:
            case 1: {
                std::vector<const Expression*> arguments;
                for (uint64_t i = 1 + below(random_, 3); i > 0; --i)
                    arguments.push_back(make(kBool, depth - 1));
                return builder_.call(below(random_, 2) == 0 ? Operator::And : Operator::Or, kBool,
                                     arguments);
            }
            case 2: {
                static const Operator kTests[] = {Operator::Not,         Operator::IsTrue,
                                                  Operator::IsNotTrue,   Operator::IsFalse,
                                                  Operator::IsNotFalse,  Operator::IsUnknown,
                                                  Operator::IsNotUnknown};
                const Expression* argument = make(kBool, depth - 1);
                return builder_.call(kTests[below(random_, 7)], kBool, {&argument, 1});
            }
            case 3: {
                const Expression* argument = make(anyType(), depth - 1);
                return builder_.call(
                    below(random_, 2) == 0 ? Operator::IsNull : Operator::IsNotNull, kBool,
                    {&argument, 1});
            }
            case 4: {
                const ColumnType type = anyType();
                return builder_.any(
                    below(random_, 2) == 0 ? Operator::EqualAny : Operator::NotEqualAll,
                    make(type, depth - 1), constants(type, below(random_, 5)));
            }
            default:
                break;
        }
        const ColumnType type = anyType();
        ColumnType other = type;
        if (type.isInteger() && type.kind != Kind::Bool)
            other = ColumnType::of(below(random_, 2) == 0 ? Kind::Int16 : Kind::Int64);
        if (type.isFloat())
            other = ColumnType::of(below(random_, 2) == 0 ? Kind::Float32 : Kind::Float64);
        const Expression* arguments[] = {make(type, depth - 1), make(other, depth - 1)};
        const auto op =
            static_cast<Operator>(static_cast<uint64_t>(Operator::Equal) + below(random_, 8));
        return builder_.call(op, kBool, arguments);
    }

    ExpressionBuilder& builder_;
    const RandomBatch& batch_;
    Random& random_;
};

std::vector<ColumnType> allKinds() {
    return {kBool,
            ColumnType::of(Kind::Int16),
            ColumnType::of(Kind::Int32),
            kInt64,
            ColumnType::of(Kind::Float32),
            ColumnType::of(Kind::Float64),
            ColumnType::bytes(),
            ColumnType::bytes(),
            ColumnType::fixed(16)};
}

TEST(Evaluator, AgreesWithRowAtATime) {
    Random random(4);
    uint64_t errors = 0;
    uint64_t values = 0;
    for (int round = 0; round < 3000; ++round) {
        RandomBatch batch(allKinds(), random);
        ExpressionBuilder builder(heap());
        Generator generator(builder, batch, random);
        const ColumnType type = allKinds()[below(random, allKinds().size())];
        const Expression* expression = generator.make(type, 4);
        Functions functions;
        Evaluator evaluator(builder, &functions, heap());
        NaiveEvaluator<Functions> naive(functions);
        for (int i = 0; i < 4; ++i) {
            batch.refill(static_cast<uint32_t>(1 + below(random, i == 3 ? 1024 : 100)));
            Selection selection;
            samples::randomSelection(selection, batch.rows(), random);
            std::vector<NaiveValue> expected;
            bool fails = false;
            for (uint32_t k = 0; k < selection.count() && !fails; ++k) {
                try {
                    expected.push_back(naive.evaluate(*expression, batch, selection[k]));
                } catch (const base::Error&) {
                    fails = true;
                }
            }
            if (fails) {
                ++errors;
                EXPECT_THROW(evaluator.evaluate(*expression, batch, selection), base::Error);
                break;
            }
            const vector::Block& block = evaluator.evaluate(*expression, batch, selection);
            ASSERT_EQ(block.rows, batch.rows());
            for (uint32_t k = 0; k < selection.count(); ++k) {
                ASSERT_TRUE(
                    samples::naiveSame(type, samples::naiveAt(block, selection[k]), expected[k]))
                    << "round " << round << " row " << selection[k] << " operator "
                    << static_cast<int>(expression->op);
                ++values;
            }
            if (type.kind != Kind::Bool)
                continue;
            Selection kept = selection;
            evaluator.filter(*expression, batch, kept);
            uint32_t at = 0;
            for (uint32_t k = 0; k < selection.count(); ++k) {
                if (expected[k].null || expected[k].integer == 0)
                    continue;
                ASSERT_LT(at, kept.count()) << "round " << round;
                ASSERT_EQ(kept[at++], selection[k]) << "round " << round;
            }
            ASSERT_EQ(at, kept.count()) << "round " << round;
        }
    }
    EXPECT_GT(errors, 100U);
    EXPECT_GT(values, 200000U);
}

// One flat column of Int64.
class Numbers final : public Batch {
  public:
    explicit Numbers(std::vector<int64_t> values) : block_(heap()) {
        for (const int64_t value : values)
            block_.values.append<int64_t>(value);
        rows_ = block_.rows = block_.values.size();
    }
    const vector::Block& column(uint32_t /*index*/) override { return block_; }

  private:
    vector::Block block_;
};

TEST(Evaluator, AsksAStepFunctionOncePerBucket) {
    ExpressionBuilder builder(heap());
    const Expression* column = builder.column(0, kInt64);
    const Expression* step = builder.step(3, kInt64, column, 10);
    Functions functions;
    Evaluator evaluator(builder, &functions, heap());
    Random random(1);
    for (int round = 0; round < 50; ++round) {
        std::vector<int64_t> values;
        for (int i = 0; i < 1000; ++i)
            values.push_back(static_cast<int64_t>(below(random, 900)) - 400);
        if (round > 40)
            values.insert(values.end(), {INT64_MIN, INT64_MAX, 1015, 5000000000000000000, 123456});
        Numbers batch(values);
        Selection selection;
        selection.selectAll(batch.rows());
        const vector::Block& block = evaluator.evaluate(*step, batch, selection);
        for (uint32_t row = 0; row < batch.rows(); ++row) {
            ASSERT_EQ(samples::naiveAt(block, row).integer, Functions::stepped(values[row]))
                << values[row];
        }
    }
    // 90 buckets of two questions, and the odd values of the last rounds.
    EXPECT_LT(functions.calls, 250U);
}

TEST(Evaluator, AsksForEachRowOfMixedBuckets) {
    ExpressionBuilder builder(heap());
    const Expression* column = builder.column(0, kInt64);
    const std::vector<int64_t> mixed = {-3, 7, 1000};
    const Expression* step = builder.step(5, kInt64, column, 10, mixed);
    Functions functions;
    Evaluator evaluator(builder, &functions, heap());
    std::vector<int64_t> values;
    for (int64_t value = 40; value < 110; ++value)
        values.push_back(value);
    Numbers batch(values);
    Selection selection;
    selection.selectAll(batch.rows());
    const vector::Block& block = evaluator.evaluate(*step, batch, selection);
    for (uint32_t row = 0; row < batch.rows(); ++row) {
        const int64_t value = values[row];
        ASSERT_EQ(samples::naiveAt(block, row).integer,
                  value / 10 + (value >= 73 && value <= 76 ? 100 : 0));
    }
    EXPECT_EQ(functions.calls, 6U * 2 + 10);
}

// The same, that a zone map knows and nobody may decode.
class Zoned final : public Batch {
  public:
    Zoned(int64_t least, int64_t greatest, uint32_t rows) : least_(least), greatest_(greatest) {
        rows_ = rows;
    }
    const vector::Block& column(uint32_t /*index*/) override { throw std::logic_error("decoded"); }
    bool zone(uint32_t /*index*/, int64_t& least, int64_t& greatest) override {
        least = least_;
        greatest = greatest_;
        return true;
    }

  private:
    int64_t least_;
    int64_t greatest_;
};

TEST(Evaluator, AnswersAStepByZone) {
    ExpressionBuilder builder(heap());
    const Expression* column = builder.column(0, kInt64);
    const Expression* step = builder.step(3, kInt64, column, 10);
    const Expression* half = builder.step(4, kInt64, column, 10);
    const Expression* there = builder.call(Operator::IsNotNull, kBool, {&column, 1});
    Functions functions;
    Evaluator evaluator(builder, &functions, heap());
    const auto valueOf = [&](const Expression* expression, int64_t least, int64_t greatest) {
        Zoned batch(least, greatest, 700);
        Selection selection;
        selection.selectAll(batch.rows());
        evaluator.filterAll({&there, 1}, batch, selection);
        EXPECT_EQ(selection.count(), 700U);
        const vector::Block& block = evaluator.evaluate(*expression, batch, selection);
        EXPECT_EQ(block.shape, vector::Block::Shape::Constant);
        EXPECT_EQ(block.rows, 700U);
        return samples::naiveAt(block, 699).integer;
    };
    EXPECT_EQ(valueOf(step, 21, 29), 20);
    EXPECT_EQ(valueOf(step, 20, 20), 20);
    EXPECT_EQ(valueOf(step, 1021, 1048), 1020);
    EXPECT_EQ(valueOf(step, -10, -1), -10);
    EXPECT_EQ(valueOf(half, 960, 1439), 0);
    EXPECT_EQ(valueOf(half, 480, 959), 1);
    const uint64_t calls = functions.calls;
    EXPECT_EQ(valueOf(half, 500, 900), 1);
    EXPECT_EQ(functions.calls, calls);
    // Ends that are equal, with something else between them; a step inside; too far, or out.
    for (const auto& [expression, least, greatest] : {std::tuple{half, int64_t{5}, int64_t{965}},
                                                      {step, 25, 35},
                                                      {step, 1005, 1025},
                                                      {half, 0, 100000},
                                                      {step, INT64_MIN, INT64_MIN},
                                                      {step, INT64_MAX, INT64_MAX}}) {
        Zoned batch(least, greatest, 5);
        Selection selection;
        selection.selectAll(5);
        EXPECT_THROW(evaluator.evaluate(*expression, batch, selection), std::logic_error);
    }
}

TEST(Evaluator, AsksOncePerUsedDictionaryEntry) {
    ExpressionBuilder builder(heap());
    const Expression* column = builder.column(0, kInt64);
    const Expression* foreign = builder.foreign(2, kInt64, {&column, 1}, true);
    Functions functions;
    Evaluator evaluator(builder, &functions, heap());
    class Coded final : public Batch {
      public:
        explicit Coded(const Column& dictionary) : block(heap()) {
            block.shape = vector::Block::Shape::Dictionary;
            block.dictionary = &dictionary;
            block.dictionaryId = encoding::nextDictionaryId();
            block.codes = {0, 1, 0, 2, vector::kNullCode};
            rows_ = block.rows = 5;
        }
        const vector::Block& column(uint32_t /*index*/) override { return block; }
        vector::Block block;
    };
    Column dictionary(kInt64, heap());
    for (const int64_t value : {5, 6, 2})  // the function fails for 2
        dictionary.append<int64_t>(value);
    Coded batch(dictionary);
    Selection selection;
    selection.selectAll(5);
    selection.remove(3);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(samples::naiveAt(evaluator.evaluate(*foreign, batch, selection), 1).integer, 6);
    EXPECT_EQ(functions.calls, 3U);  // 5, 6, NULL
    selection.selectAll(5);
    EXPECT_THROW(evaluator.evaluate(*foreign, batch, selection), base::Error);
}

TEST(Evaluator, RaisesWhatThePostgresOperatorsRaise) {
    struct Case {
        Operator op;
        Kind kind;
        double a, b;
        std::optional<base::ErrorKind> error;
        const char* message;
    };
    const Case cases[] = {
        {Operator::Add, Kind::Int16, 32767, 1, base::ErrorKind::OutOfRange,
         "smallint out of range"},
        {Operator::Multiply, Kind::Int32, 65536, 32768, base::ErrorKind::OutOfRange,
         "integer out of range"},
        {Operator::Divide, Kind::Int64, -0x1p63, -1, base::ErrorKind::OutOfRange,
         "bigint out of range"},
        {Operator::Modulo, Kind::Int64, -0x1p63, -1, std::nullopt, ""},
        {Operator::Divide, Kind::Int32, 1, 0, base::ErrorKind::DivisionByZero, "division by zero"},
        {Operator::Divide, Kind::Float64, 1, 0, base::ErrorKind::DivisionByZero,
         "division by zero"},
        {Operator::Divide, Kind::Float64, NAN, 0, std::nullopt, ""},
        {Operator::Divide, Kind::Float64, 1, INFINITY, std::nullopt, ""},
        {Operator::Multiply, Kind::Float64, 1e200, 1e200, base::ErrorKind::OutOfRange,
         "value out of range: overflow"},
        {Operator::Multiply, Kind::Float64, 1e-200, 1e-200, base::ErrorKind::OutOfRange,
         "value out of range: underflow"},
        {Operator::Multiply, Kind::Float64, INFINITY, 2, std::nullopt, ""},
    };
    for (const Case& test : cases) {
        ExpressionBuilder builder(heap());
        const ColumnType type = ColumnType::of(test.kind);
        const Expression* arguments[2];
        for (int i = 0; i < 2; ++i) {
            const double given = i == 0 ? test.a : test.b;
            Column value(type, heap());
            if (test.kind == Kind::Int16)
                value.append<int16_t>(static_cast<int16_t>(given));
            else if (test.kind == Kind::Int32)
                value.append<int32_t>(static_cast<int32_t>(given));
            else if (test.kind == Kind::Int64)
                value.append<int64_t>(static_cast<int64_t>(given));
            else
                value.append<double>(given);
            arguments[i] = builder.constant(std::move(value));
        }
        const Expression* expression = builder.call(test.op, type, arguments);
        Evaluator evaluator(builder, nullptr, heap());
        Numbers batch({1, 2, 3});
        Selection selection;
        selection.selectAll(3);
        try {
            evaluator.evaluate(*expression, batch, selection);
            EXPECT_FALSE(test.error.has_value()) << test.message;
        } catch (const base::Error& error) {
            ASSERT_TRUE(test.error.has_value()) << error.what();
            EXPECT_EQ(error.kind(), *test.error);
            EXPECT_STREQ(error.what(), test.message);
        }
    }
}

bool like(std::string_view text, std::string_view pattern, bool multibyte = true) {
    return LikePattern::parse(pattern, multibyte, heap())->matches(text);
}

TEST(LikePattern, Matches) {
    EXPECT_TRUE(like("", ""));
    EXPECT_TRUE(like("", "%"));
    EXPECT_FALSE(like("", "_"));
    EXPECT_TRUE(like("/p/12?s=1", "/p/%"));
    EXPECT_TRUE(like("abc", "%c"));
    EXPECT_TRUE(like("abcabd", "%ab%d"));
    EXPECT_FALSE(like("abcabd", "%ab%e"));
    EXPECT_TRUE(like("xaby", "%ab%"));
    EXPECT_TRUE(like("caf\xc3\xa9", "caf_"));
    EXPECT_FALSE(like("caf\xc3\xa9", "caf_", false));
    EXPECT_TRUE(like("caf\xc3\xa9", "caf__", false));
    EXPECT_FALSE(like("\xc3\xa9", "%__"));
    EXPECT_TRUE(like("a\xc3\xa9x", "%_x"));
    EXPECT_TRUE(like("100%", "100\\%"));
    EXPECT_FALSE(like("1000", "100\\%"));
    EXPECT_TRUE(like("aaaab", "%a_b"));
    EXPECT_FALSE(LikePattern::parse("a\\", true, heap()).has_value());
}

// Against a matcher that tries everything.
bool likeSlowly(std::string_view text, std::string_view pattern) {
    if (pattern.empty())
        return text.empty();
    if (pattern[0] == '%') {
        for (size_t i = 0; i <= text.size(); ++i) {
            if (likeSlowly(text.substr(i), pattern.substr(1)))
                return true;
        }
        return false;
    }
    return !text.empty() && (pattern[0] == '_' || pattern[0] == text[0]) &&
           likeSlowly(text.substr(1), pattern.substr(1));
}

TEST(LikePattern, AgreesWithTryingEverything) {
    Random random(3);
    for (int round = 0; round < 20000; ++round) {
        std::string text;
        std::string pattern;
        for (uint64_t i = below(random, 8); i > 0; --i)
            text += "ab"[below(random, 2)];
        for (uint64_t i = below(random, 6); i > 0; --i)
            pattern += "ab_%%"[below(random, 5)];
        ASSERT_EQ(like(text, pattern), likeSlowly(text, pattern)) << text << " " << pattern;
    }
}

TEST(Selection, RemovesRows) {
    Selection selection;
    selection.selectAll(10);
    selection.remove(3);
    selection.remove(3);
    selection.remove(9);
    ASSERT_EQ(selection.count(), 8U);
    EXPECT_EQ(selection[3], 4U);
    EXPECT_EQ(selection[7], 8U);
}

}  // namespace
}  // namespace footfall::scan
