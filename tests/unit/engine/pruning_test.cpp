#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/segment/sort_permutation.h"
#include "tests/unit/engine/column_samples.h"
#include "tests/unit/engine/memory_chunks.h"

namespace footfall::segment {
namespace {

using samples::MemoryChunks;
using samples::Nulls;
using samples::Values;
using vector::Column;
using vector::ColumnType;
using vector::Content;
using vector::Kind;

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

// For every type and pattern: what pruning clears holds no row that matches.
TEST(Pruning, NeverLosesARow) {
    std::mt19937_64 random(11);
    size_t cleared = 0;
    for (const ColumnType type : samples::allTypes()) {
        if (!hasNaturalOrder(type))
            continue;
        for (const Values values : samples::kAllValues) {
            for (const bool sorted : {false, true}) {
                std::vector<Column> columns;
                columns.push_back(samples::makeColumn(type, 9000, values, Nulls::Some, 3));
                std::vector<uint32_t> keys;
                if (sorted) {
                    keys.push_back(0);
                    const auto order = sortPermutation(columns, keys, heap());
                    columns[0] = columns[0].gather(order, heap());
                }
                EncodeOptions options;
                const std::vector<uint32_t> blooms = {0};
                options.sortKeys = keys;
                options.bloomColumns = blooms;
                const EncodedSegment segment = encodeSegment(columns, options, heap());
                MemoryChunks chunks(segment);
                SegmentReader reader(segment.meta, chunks, heap());
                const Column& column = columns[0];
                for (int probe = 0; probe < 40; ++probe) {
                    const auto a = static_cast<uint32_t>(random() % column.size());
                    const auto b = static_cast<uint32_t>(random() % column.size());
                    if (column.isNull(a) || column.isNull(b))
                        continue;
                    Scalar low = Scalar::at(column, a);
                    Scalar high = Scalar::at(column, b);
                    if (compare(low, high) > 0)
                        std::swap(low, high);
                    BlockSet range = reader.allBlocks();
                    reader.pruneRange(0, probe % 3 == 1 ? nullptr : &low,
                                      probe % 3 == 2 ? nullptr : &high, range);
                    BlockSet equal = reader.allBlocks();
                    reader.pruneEqual(0, low, equal);
                    for (uint32_t row = 0; row < column.size(); ++row) {
                        if (column.isNull(row))
                            continue;
                        const Scalar value = Scalar::at(column, row);
                        const uint32_t block = row / kBlockRows;
                        const bool inRange = (probe % 3 == 1 || compare(value, low) >= 0) &&
                                             (probe % 3 == 2 || compare(value, high) <= 0);
                        ASSERT_TRUE(!inRange || range[block]) << samples::typeName(type);
                        ASSERT_TRUE(compare(value, low) != 0 || equal[block]);
                    }
                    cleared += segment.meta.blocks() - equal.count();
                }
            }
        }
    }
    EXPECT_GT(cleared, 1000U);
}

TEST(Pruning, FindsTheBlocksOfASortedKey) {
    std::vector<Column> columns;
    columns.emplace_back(ColumnType::of(Kind::Int64), heap());
    for (int64_t i = 0; i < 100 * kBlockRows; ++i)
        columns[0].append<int64_t>(i / 5);
    const std::vector<uint32_t> keys = {0};
    EncodeOptions options;
    options.sortKeys = keys;
    const EncodedSegment segment = encodeSegment(columns, options, heap());
    MemoryChunks chunks(segment);
    SegmentReader reader(segment.meta, chunks, heap());
    BlockSet blocks = reader.allBlocks();
    const Scalar inside = Scalar::of(int64_t{777});
    reader.pruneEqual(0, inside, blocks);
    EXPECT_EQ(blocks.count(), 1U);
    EXPECT_TRUE(blocks[777 * 5 / kBlockRows]);
    blocks = reader.allBlocks();
    const Scalar outside = Scalar::of(int64_t{-1});
    reader.pruneEqual(0, outside, blocks);
    EXPECT_TRUE(blocks.none());
    EXPECT_EQ(chunks.fetches, 0);
}

TEST(Pruning, BloomsSortOutAbsentValues) {
    std::vector<Column> columns;
    columns.emplace_back(ColumnType::bytes(Content::Text), heap());
    for (int i = 0; i < 20000; ++i)
        columns[0].appendBytes("user" + std::to_string(i * 7 % 50000));
    const std::vector<uint32_t> blooms = {0};
    EncodeOptions options;
    options.bloomColumns = blooms;
    const EncodedSegment segment = encodeSegment(columns, options, heap());
    MemoryChunks chunks(segment);
    SegmentReader reader(segment.meta, chunks, heap());
    int present = 0;
    for (int i = 0; i < 5000; ++i) {
        BlockSet blocks = reader.allBlocks();
        const std::string absent = "user1absent" + std::to_string(i);
        const Scalar value = Scalar::of(absent);
        reader.pruneEqual(0, value, blocks);
        present += blocks.any() ? 1 : 0;
    }
    EXPECT_LT(present, 150);
}

TEST(Bound, TruncatedPrefixesStaySafe) {
    const std::string base(Bound::kPrefix, 'm');
    const Bound bound = Bound::of(Scalar::of(base + "zz"));
    EXPECT_TRUE(bound.truncated);
    const std::string longer = base + "zzz";
    const std::string other = base.substr(0, 15) + "n";
    EXPECT_EQ(compare(bound, Scalar::of(longer), 1), 1);
    EXPECT_EQ(compare(bound, Scalar::of(longer), -1), -1);
    EXPECT_EQ(compare(bound, Scalar::of(other), 0), -1);
    EXPECT_EQ(compare(bound, Scalar::of(base), 0), 1);
    EXPECT_EQ(compare(Bound::of(Scalar::of(base)), Scalar::of(base), 9), 0);
}

TEST(Bound, OrderKeysFollowTheOrder) {
    std::mt19937_64 random(12);
    for (const ColumnType type : samples::allTypes()) {
        if (!hasNaturalOrder(type))
            continue;
        for (const Values values : samples::kAllValues) {
            const Column column = samples::makeColumn(type, 200, values, Nulls::None, 5);
            for (int i = 0; i < 400; ++i) {
                const Scalar a = Scalar::at(column, static_cast<uint32_t>(random() % 200));
                const Scalar b = Scalar::at(column, static_cast<uint32_t>(random() % 200));
                const int order = compare(a, b);
                if (order < 0) {
                    ASSERT_LE(orderKey(a), orderKey(b));
                } else if (order == 0) {
                    ASSERT_EQ(orderKey(a), orderKey(b));
                    ASSERT_EQ(hashOf(a), hashOf(b));
                }
            }
        }
    }
}

}  // namespace
}  // namespace footfall::segment
