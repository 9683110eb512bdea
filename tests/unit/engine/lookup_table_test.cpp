#include "engine/scan/lookup_table.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

#include "engine/base/error.h"
#include "tests/unit/engine/column_samples.h"

namespace footfall::scan {
namespace {

using samples::Nulls;
using samples::Values;
using vector::Block;
using vector::Column;
using vector::ColumnType;
using vector::Kind;

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

void noPoll() {}

void interrupt() {
    throw base::Error(base::ErrorKind::Internal, "interrupted");
}

bool sameValue(const Column& a, uint32_t i, const Column& b, uint32_t j) {
    if (a.isNull(i) || b.isNull(j))
        return false;
    if (a.type().isInteger())
        return a.integerAt(i) == b.integerAt(j);
    if (a.type().isBytes())
        return a.bytesAt(i) == b.bytesAt(j);
    return std::memcmp(a.fixedAt(i), b.fixedAt(j), a.type().width) == 0;
}

uint32_t naive(const Column& keys, const Column& probes, uint32_t row) {
    for (uint32_t i = 0; i < keys.size(); ++i) {
        if (sameValue(keys, i, probes, row))
            return i;
    }
    return kNoRow;
}

Column copyOf(const Column& column) {
    Column copy(column.type(), heap());
    copy.appendRange(column, 0, column.size());
    return copy;
}

Column integers(Kind kind, const std::vector<int64_t>& values) {
    Column column(ColumnType::of(kind), heap());
    for (const int64_t value : values) {
        if (kind == Kind::Int16)
            column.append(static_cast<int16_t>(value));
        else if (kind == Kind::Int32)
            column.append(static_cast<int32_t>(value));
        else
            column.append(value);
    }
    return column;
}

// Rows 0, 2, 4, ... and all of them, as the same values in every shape of a block.
void expectFinds(LookupTable& table, const Column& keys, const Column& probes) {
    Block flat(heap());
    flat.rows = probes.size();
    flat.values = copyOf(probes);
    Block coded(heap());
    Column entries(probes.type(), heap());
    coded.shape = Block::Shape::Dictionary;
    coded.rows = probes.size();
    coded.dictionary = &entries;
    static uint64_t id = uint64_t{1} << 40;
    coded.dictionaryId = ++id;
    for (uint32_t row = 0; row < probes.size(); ++row) {
        if (probes.isNull(row)) {
            coded.codes.push_back(vector::kNullCode);
            continue;
        }
        coded.codes.push_back(entries.size());
        entries.appendFrom(probes, row);
    }
    std::vector<uint32_t> found(probes.size());
    for (const Block* block : {&flat, &coded}) {
        for (const bool all : {true, false}) {
            Selection selection;
            selection.selectAll(probes.size());
            for (uint32_t row = 1; row < probes.size() && !all; row += 2)
                selection.remove(row);
            table.find(*block, selection, found.data());
            for (uint32_t row = 0; row < probes.size(); ++row) {
                const bool selected = all || row % 2 == 0;
                ASSERT_EQ(found[row], selected ? naive(keys, probes, row) : kNoRow) << row;
            }
        }
    }
    Block constant(heap());
    constant.shape = Block::Shape::Constant;
    constant.rows = 3;
    constant.values = Column(probes.type(), heap());
    constant.values.appendFrom(probes, probes.size() - 1);
    Selection selection;
    selection.selectAll(3);
    table.find(constant, selection, found.data());
    EXPECT_EQ(found[2], naive(keys, probes, probes.size() - 1));
}

TEST(LookupTable, FindsWhatSearchingEveryRowFinds) {
    for (const ColumnType type : samples::allTypes()) {
        if (type.isFloat())
            continue;
        for (const Values values : samples::kAllValues) {
            for (const Nulls nulls : {Nulls::None, Nulls::Some, Nulls::All}) {
                const Column keys = samples::makeColumn(type, 300, values, nulls, 5);
                Column probes = samples::makeColumn(type, 200, values, nulls, 6);
                probes.appendRange(keys, 0, 100);
                LookupTable table(copyOf(keys), heap(), noPoll);
                SCOPED_TRACE(samples::typeName(type));
                expectFinds(table, keys, probes);
            }
        }
    }
}

TEST(LookupTable, IntegersOfAnyWidthAndFarApart) {
    const int64_t low = std::numeric_limits<int64_t>::min();
    const int64_t high = std::numeric_limits<int64_t>::max();
    const std::vector<std::vector<int64_t>> sets = {
        {0}, {1, 2, 3}, {-5, 7, 0}, {low, high}, {low, 0}, {high}, {low}, {-32768, 32767, 12}};
    const Column probes = integers(
        Kind::Int64, {0, 1, -5, 12, 32767, -32768, low, low + 1, high, high - 1, 65536, 0});
    const Column narrow = integers(Kind::Int16, {0, 1, -5, 12, 32767, -32768, 3, 0, 7, 12});
    for (const auto& set : sets) {
        const Column keys = integers(Kind::Int64, set);
        LookupTable table(copyOf(keys), heap(), noPoll);
        EXPECT_FALSE(table.hasDuplicates());
        expectFinds(table, keys, probes);
        expectFinds(table, keys, narrow);
    }
}

TEST(LookupTable, NoRows) {
    for (const ColumnType type : {ColumnType::of(Kind::Int32), ColumnType::bytes()}) {
        const Column probes = samples::makeColumn(type, 50, Values::Random, Nulls::Some, 2);
        const Column keys(type, heap());
        LookupTable table(copyOf(keys), heap(), noPoll);
        expectFinds(table, keys, probes);
    }
}

TEST(LookupTable, SaysWhetherKeysRepeat) {
    Column keys = integers(Kind::Int32, {4, 9});
    keys.appendNull();
    keys.appendNull();
    EXPECT_FALSE(LookupTable(copyOf(keys), heap(), noPoll).hasDuplicates());
    keys.append(int32_t{9});
    EXPECT_TRUE(LookupTable(copyOf(keys), heap(), noPoll).hasDuplicates());
    EXPECT_THROW(LookupTable(Column(ColumnType::of(Kind::Float64), heap()), heap(), noPoll),
                 base::Error);
}

TEST(LookedUpColumn, HasTheRowsValues) {
    for (const ColumnType type : samples::allTypes()) {
        Column values = samples::makeColumn(type, 400, Values::Extremes, Nulls::Some, 8);
        // Many that differ, so that its table grows.
        const Column more = samples::makeColumn(type, 5000, Values::Random, Nulls::Some, 9);
        values.appendRange(more, 0, more.size());
        const LookedUpColumn column(values, heap(), noPoll);
        std::mt19937 random(4);
        std::vector<uint32_t> found;
        for (int i = 0; i < 500; ++i)
            found.push_back(i % 5 == 0 ? kNoRow : random() % values.size());
        Block block(heap());
        column.read(found.data(), 500, block);
        ASSERT_EQ(block.rows, 500U);
        for (uint32_t row = 0; row < 500; ++row) {
            const bool null = found[row] == kNoRow || values.isNull(found[row]);
            ASSERT_EQ(block.isNull(row), null);
            if (null)
                continue;
            if (type.isBytes()) {
                ASSERT_EQ(block.holder().bytesAt(block.holderRow(row)), values.bytesAt(found[row]));
            } else {
                ASSERT_EQ(std::memcmp(block.holder().fixedAt(block.holderRow(row)),
                                      values.fixedAt(found[row]), type.width),
                          0);
            }
        }
    }
}

TEST(LookedUpColumn, HasTheKeys) {
    for (const ColumnType type : samples::allTypes()) {
        if (type.isFloat())
            continue;
        const Column keys = samples::makeColumn(type, 300, Values::Random, Nulls::Some, 8);
        LookupTable table(copyOf(keys), heap(), noPoll);
        const LookedUpColumn column(table, heap());
        std::vector<uint32_t> found;
        for (uint32_t row = 0; row < keys.size(); ++row)
            found.push_back(table.find(keys, row));
        Block block(heap());
        column.read(found.data(), keys.size(), block);
        for (uint32_t row = 0; row < keys.size(); ++row) {
            ASSERT_EQ(block.isNull(row), keys.isNull(row));
            if (!keys.isNull(row)) {
                ASSERT_TRUE(sameValue(block.holder(), block.holderRow(row), keys, row));
            }
        }
    }
}

TEST(LookupTable, CanBeInterrupted) {
    std::vector<int64_t> many(200'000);
    for (size_t i = 0; i < many.size(); ++i)
        many[i] = static_cast<int64_t>(i) << 20;
    const Column keys = integers(Kind::Int64, many);
    static int polls;
    polls = 0;
    const auto count = [] { ++polls; };
    const LookupTable table(copyOf(keys), heap(), count);
    EXPECT_GE(polls, 3);
    polls = 0;
    const LookedUpColumn column(keys, heap(), count);
    EXPECT_GE(polls, 3);
    EXPECT_THROW(LookupTable(copyOf(keys), heap(), interrupt), base::Error);
    EXPECT_THROW(LookedUpColumn(keys, heap(), interrupt), base::Error);
}

}  // namespace
}  // namespace footfall::scan
