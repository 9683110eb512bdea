// Segments whose columns come whole from elsewhere: the same answers as from chunks.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/unit/engine/column_samples.h"
#include "tests/unit/engine/memory_chunks.h"

namespace footfall::segment {
namespace {

using samples::Nulls;
using samples::Values;
using vector::Column;
using vector::ColumnType;

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

class HeldColumns final : public ColumnSource {
  public:
    explicit HeldColumns(const std::vector<Column>& columns) : columns_(columns) {}
    const Column& column(uint32_t column) override {
        ++fetches;
        return columns_[column];
    }
    int fetches = 0;

  private:
    const std::vector<Column>& columns_;
};

std::vector<Column> single(Column&& column) {
    std::vector<Column> columns;
    columns.push_back(std::move(column));
    return columns;
}

EncodedSegment encode(const std::vector<Column>& columns, std::vector<uint32_t> keys = {},
                      std::vector<uint32_t> blooms = {}) {
    EncodeOptions options;
    options.sortKeys = keys;
    options.bloomColumns = blooms;
    return encodeSegment(columns, options, heap());
}

void expectSameBlocks(SegmentReader& reader, const Column& column, const std::string& what) {
    std::mt19937_64 random(column.size());
    vector::Block block(heap());
    for (int i = 0; i < 12; ++i) {
        const auto first = static_cast<uint32_t>(random() % column.size());
        const auto count =
            static_cast<uint32_t>(1 + random() % std::min(kBlockRows, column.size() - first));
        reader.read(0, first, count, block);
        ASSERT_EQ(block.rows, count) << what;
        Column part(column.type(), heap());
        block.flatten(part);
        for (uint32_t row = 0; row < count; ++row)
            ASSERT_TRUE(part.rowEquals(row, column, first + row)) << what;
        std::vector<uint16_t> positions;
        for (uint32_t row = 0; row < count; ++row) {
            if (random() % 40 == 0)
                positions.push_back(static_cast<uint16_t>(row));
        }
        reader.readRows(0, first, count, positions, block);
        ASSERT_EQ(block.rows, count) << what;
        for (uint32_t row = 0; row < count; ++row)
            ASSERT_TRUE(block.isNull(row) || block.holderRow(row) < block.holder().size()) << what;
        for (const uint16_t row : positions) {
            ASSERT_EQ(block.isNull(row), column.isNull(first + row)) << what;
            ASSERT_TRUE(block.isNull(row) ||
                        block.holder().rowEquals(block.holderRow(row), column, first + row))
                << what;
        }
    }
}

class HeldType : public testing::TestWithParam<size_t> {};

TEST_P(HeldType, ReadsAsFromChunks) {
    const ColumnType type = samples::allTypes()[GetParam()];
    for (const Values values : samples::kAllValues) {
        for (const Nulls nulls : samples::kAllNulls) {
            const std::vector<Column> columns =
                single(samples::makeColumn(type, 5000, values, nulls, 7));
            const std::string what = std::to_string(static_cast<int>(values)) + " " +
                                     std::to_string(static_cast<int>(nulls));
            const EncodedSegment segment = encode(columns);
            samples::MemoryChunks chunks(segment);
            HeldColumns held(columns);
            SegmentReader reader(segment.meta, chunks, held, heap());
            Column flat(type, heap());
            reader.append(0, 0, 5000, flat);
            ASSERT_TRUE(flat.equals(columns[0])) << what;
            expectSameBlocks(reader, columns[0], what);
            ASSERT_NO_THROW(reader.verify(0)) << what;
            EXPECT_EQ(chunks.fetches, 0);
            EXPECT_EQ(held.fetches, 1);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, HeldType, testing::Range<size_t>(0, samples::allTypes().size()));

TEST(HeldColumn, RepeatedTextHasCodesAndOtherTextHasNone) {
    const ColumnType text = ColumnType::bytes(vector::Content::Text);
    std::vector<Column> columns;
    columns.push_back(samples::makeColumn(text, 20000, Values::Few, Nulls::Some, 1));
    columns.push_back(samples::makeColumn(text, 20000, Values::Random, Nulls::None, 2));
    const EncodedSegment segment = encode(columns);
    samples::MemoryChunks chunks(segment);
    HeldColumns held(columns);
    SegmentReader reader(segment.meta, chunks, held, heap());
    vector::Block block(heap());
    reader.read(0, 1024, 1024, block);
    EXPECT_EQ(block.shape, vector::Block::Shape::Dictionary);
    EXPECT_LE(block.dictionary->size(), 12U);
    reader.read(1, 1024, 1024, block);
    EXPECT_EQ(block.shape, vector::Block::Shape::Flat);
}

TEST(HeldColumn, IsPrunedByZoneMapAndIndexWithoutBeingFetched) {
    const ColumnType type = ColumnType::of(vector::Kind::Int64);
    Column keys(type, heap());
    for (int64_t row = 0; row < 8192; ++row)
        keys.append<int64_t>(row * 2);
    const std::vector<Column> columns = single(std::move(keys));
    const EncodedSegment segment = encode(columns, {0}, {0});
    samples::MemoryChunks chunks(segment);
    HeldColumns held(columns);
    SegmentReader reader(segment.meta, chunks, held, heap());
    const auto found = [&](int64_t value) {
        BlockSet blocks = reader.allBlocks();
        Column one(type, heap());
        one.append<int64_t>(value);
        reader.pruneEqual(0, Scalar::at(one, 0), blocks);
        return blocks.count();
    };
    EXPECT_EQ(found(6000), 1U);
    EXPECT_EQ(found(-1), 0U);
    EXPECT_EQ(found(100000), 0U);
    EXPECT_EQ(held.fetches, 0);
}

TEST(HeldColumn, OfAnotherLengthOrTypeIsDamage) {
    const ColumnType type = ColumnType::of(vector::Kind::Int64);
    const std::vector<Column> columns =
        single(samples::makeColumn(type, 3000, Values::Random, Nulls::None, 3));
    const EncodedSegment segment = encode(columns);
    samples::MemoryChunks chunks(segment);
    for (const auto& wrong :
         {single(samples::makeColumn(type, 2999, Values::Random, Nulls::None, 3)),
          single(samples::makeColumn(ColumnType::of(vector::Kind::Int32), 3000, Values::Random,
                                     Nulls::None, 3))}) {
        HeldColumns held(wrong);
        SegmentReader reader(segment.meta, chunks, held, heap());
        vector::Block block(heap());
        for (int attempt = 0; attempt < 2; ++attempt) {
            try {
                reader.read(0, 0, 10, block);
                FAIL() << "a wrong column was taken";
            } catch (const base::Error& error) {
                EXPECT_EQ(error.kind(), base::ErrorKind::CorruptData);
            }
        }
    }
}

// What is appended to stands in front of what is appended, NULLs of both included.
TEST(HeldColumn, RangesAreAppendedToColumnsThatHoldSomething) {
    for (const ColumnType type : samples::allTypes()) {
        for (const Nulls mine : samples::kAllNulls) {
            for (const Nulls theirs : samples::kAllNulls) {
                const Column left = samples::makeColumn(type, 100, Values::Runs, mine, 4);
                const Column right = samples::makeColumn(type, 300, Values::Random, theirs, 5);
                Column fast(type, heap());
                Column slow(type, heap());
                for (uint32_t row = 0; row < 100; ++row) {
                    fast.appendFrom(left, row);
                    slow.appendFrom(left, row);
                }
                fast.appendRange(right, 37, 0);
                fast.appendRange(right, 37, 201);
                fast.appendRange(right, 0, 3);
                for (uint32_t row = 37; row < 238; ++row)
                    slow.appendFrom(right, row);
                for (uint32_t row = 0; row < 3; ++row)
                    slow.appendFrom(right, row);
                ASSERT_TRUE(fast.equals(slow)) << samples::typeName(type);
                fast.appendFrom(right, 5);
                slow.appendFrom(right, 5);
                ASSERT_TRUE(fast.equals(slow)) << samples::typeName(type);
            }
        }
    }
}

}  // namespace
}  // namespace footfall::segment
