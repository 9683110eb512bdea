#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/vector/block.h"
#include "engine/vector/column.h"
#include "tests/unit/engine/column_samples.h"

namespace footfall::vector {
namespace {

TEST(Column, KeepsValuesAndNulls) {
    Column column(ColumnType::of(Kind::Int32), std::pmr::new_delete_resource());
    for (int32_t i = 0; i < 200; ++i) {
        if (i % 3 == 1) {
            column.appendNull();
        } else {
            column.appendFixed(&i);
        }
    }
    ASSERT_EQ(column.size(), 200U);
    EXPECT_EQ(column.nullCount(), 67U);
    for (uint32_t i = 0; i < 200; ++i) {
        EXPECT_EQ(column.isNull(i), i % 3 == 1);
        EXPECT_EQ(column.values<int32_t>()[i], i % 3 == 1 ? 0 : static_cast<int32_t>(i));
    }
    column.clear();
    EXPECT_EQ(column.size(), 0U);
    column.append<int32_t>(5);
    EXPECT_FALSE(column.isNull(0));
}

TEST(Column, KeepsBytes) {
    Column column(ColumnType::bytes(), std::pmr::new_delete_resource());
    const std::vector<std::string> values = {"", std::string("\0x\0", 3), std::string(1 << 20, 'y'),
                                             "end"};
    for (const std::string& value : values)
        column.appendBytes(value);
    column.appendNull();
    for (uint32_t i = 0; i < values.size(); ++i)
        EXPECT_EQ(column.bytesAt(i), values[i]);
    EXPECT_TRUE(column.isNull(4));
    EXPECT_EQ(column.bytesAt(4), "");
    EXPECT_EQ(column.byteSize(), (1U << 20) + 6);
}

TEST(Column, GathersAndComparesEveryType) {
    for (const ColumnType type : samples::allTypes()) {
        for (const auto nulls : samples::kAllNulls) {
            const Column column = samples::makeColumn(type, 300, samples::Values::Runs, nulls, 7);
            std::vector<uint32_t> reversed(300);
            for (uint32_t i = 0; i < 300; ++i)
                reversed[i] = 299 - i;
            const Column once = column.gather(reversed, std::pmr::new_delete_resource());
            for (uint32_t i = 0; i < 300; ++i)
                ASSERT_TRUE(once.rowEquals(i, column, 299 - i));
            EXPECT_EQ(once.nullCount(), column.nullCount());
            const Column twice = once.gather(reversed, std::pmr::new_delete_resource());
            EXPECT_TRUE(twice.equals(column)) << samples::typeName(type);
            Column ranges(type, std::pmr::new_delete_resource());
            ranges.appendRange(column, 0, 100);
            ranges.appendRange(column, 100, 200);
            EXPECT_TRUE(ranges.equals(column)) << samples::typeName(type);
        }
    }
}

TEST(Column, NullsStayApartFromValuesWhenGathered) {
    Column column(ColumnType::of(Kind::Int64), std::pmr::new_delete_resource());
    column.append<int64_t>(1);
    column.appendNull();
    const std::vector<uint32_t> first = {0, 0};
    Column gathered = column.gather(first, std::pmr::new_delete_resource());
    EXPECT_EQ(gathered.nullCount(), 0U);
    gathered.appendNull();
    EXPECT_FALSE(gathered.isNull(0));
    EXPECT_TRUE(gathered.isNull(2));
}

TEST(Column, KnowsValidTypes) {
    for (const ColumnType type : samples::allTypes())
        EXPECT_TRUE(type.valid());
    EXPECT_FALSE((ColumnType{Kind::Int32, Content::Plain, 8}.valid()));
    EXPECT_FALSE(ColumnType::fixed(0).valid());
    EXPECT_FALSE(ColumnType::fixed(kMaxFixedWidth + 1).valid());
    EXPECT_FALSE((ColumnType{static_cast<Kind>(0), Content::Plain, 8}.valid()));
    EXPECT_FALSE((ColumnType{static_cast<Kind>(15), Content::Plain, 0}.valid()));
}

TEST(Block, FlattensEveryShape) {
    Block block(std::pmr::new_delete_resource());
    block.rows = 3;
    block.shape = Block::Shape::Constant;
    block.values.reset(ColumnType::bytes());
    block.values.appendBytes("c");
    Column out(ColumnType::bytes(), std::pmr::new_delete_resource());
    block.flatten(out);
    EXPECT_EQ(out.bytesAt(2), "c");
    Column dictionary(ColumnType::bytes(), std::pmr::new_delete_resource());
    dictionary.appendBytes("a");
    dictionary.appendBytes("b");
    block.shape = Block::Shape::Dictionary;
    block.dictionary = &dictionary;
    block.codes = {1, kNullCode, 0};
    out.clear();
    block.flatten(out);
    EXPECT_EQ(out.bytesAt(0), "b");
    EXPECT_TRUE(out.isNull(1));
    EXPECT_EQ(out.bytesAt(2), "a");
}

}  // namespace
}  // namespace footfall::vector
