#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/base/checksum.h"
#include "engine/encoding/column_codec.h"
#include "engine/segment/sort_permutation.h"
#include "tests/unit/engine/column_samples.h"
#include "engine/segment/paged_piece.h"
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

EncodedSegment encode(const std::vector<Column>& columns, int effort,
                      std::vector<uint32_t> keys = {}, std::vector<uint32_t> blooms = {}) {
    EncodeOptions options;
    options.effort = effort;
    options.sortKeys = keys;
    options.bloomColumns = blooms;
    return encodeSegment(columns, options, heap());
}

// Some rows of a range, one in `oneOf`, and the range's runs.
void expectRows(SegmentReader& reader, uint32_t c, const Column& column, uint32_t first,
                uint32_t count, uint64_t oneOf, std::mt19937_64& random, const std::string& what) {
    vector::Block block(heap());
    std::vector<uint16_t> positions;
    for (uint32_t row = 0; row < count; ++row) {
        if (random() % oneOf == 0)
            positions.push_back(static_cast<uint16_t>(row));
    }
    reader.readRows(c, first, count, positions, block);
    ASSERT_EQ(block.rows, count) << what;
    for (uint32_t row = 0; row < count; ++row) {
        // Every row can be looked at.
        ASSERT_TRUE(block.isNull(row) || block.holderRow(row) < block.holder().size()) << what;
    }
    for (const uint16_t row : positions) {
        ASSERT_EQ(block.isNull(row), column.isNull(first + row)) << what;
        if (!block.isNull(row)) {
            ASSERT_TRUE(block.holder().rowEquals(block.holderRow(row), column, first + row))
                << what << " row " << first + row;
        }
    }
    vector::Runs runs(heap());
    if (!reader.readRuns(c, first, count, runs))
        return;
    ASSERT_EQ(runs.values.rows, runs.ends.size()) << what;
    uint32_t row = 0;
    for (uint32_t run = 0; run < runs.ends.size(); ++run) {
        ASSERT_GT(runs.ends[run], row);
        const bool null = runs.values.isNull(run);
        for (; row < runs.ends[run]; ++row) {
            ASSERT_EQ(null, column.isNull(first + row)) << what;
            ASSERT_TRUE(null || runs.values.holder().rowEquals(runs.values.holderRow(run), column,
                                                               first + row))
                << what;
        }
    }
    ASSERT_EQ(row, count) << what;
}

void expectEqual(const EncodedSegment& segment, const std::vector<Column>& columns,
                 const std::string& what) {
    // The header as a catalog row would give it back.
    std::pmr::vector<std::byte> stored;
    segment.meta.serialize(stored);
    const SegmentMeta meta = SegmentMeta::parse(stored, heap());
    MemoryChunks chunks(segment);
    SegmentReader reader(meta, chunks, heap());
    const uint32_t rows = columns[0].size();
    ASSERT_EQ(meta.rows(), rows);
    std::mt19937_64 random(rows);
    for (uint32_t c = 0; c < columns.size(); ++c) {
        Column flat(columns[c].type(), heap());
        reader.append(c, 0, rows, flat);
        ASSERT_TRUE(flat.equals(columns[c])) << what;
        vector::Block block(heap());
        Column shaped(columns[c].type(), heap());
        for (uint32_t row = 0; row < rows; row += kBlockRows) {
            reader.read(c, row, std::min(kBlockRows, rows - row), block);
            block.flatten(shaped);
        }
        ASSERT_TRUE(shaped.equals(columns[c])) << what;
        for (int i = 0; i < 8 && rows != 0; ++i) {
            const auto first = static_cast<uint32_t>(random() % rows);
            const auto count =
                static_cast<uint32_t>(random() % (std::min(kBlockRows, rows - first) + 1));
            reader.read(c, first, count, block);
            ASSERT_EQ(block.rows, count);
            Column part(columns[c].type(), heap());
            block.flatten(part);
            for (uint32_t row = 0; row < count; ++row) {
                ASSERT_TRUE(part.rowEquals(row, columns[c], first + row)) << what;
            }
            expectRows(reader, c, columns[c], first, count, 1 + random() % 60, random, what);
        }
        for (uint32_t row = 0; row < rows; row += kBlockRows) {
            const uint32_t count = std::min(kBlockRows, rows - row);
            // A fresh reader now and then: dictionaries not yet decoded.
            SegmentReader fresh(meta, chunks, heap());
            expectRows(row % 2048 == 0 ? fresh : reader, c, columns[c], row, count,
                       uint64_t{1} << random() % 10, random, what);
        }
        ASSERT_NO_THROW(reader.verify(c)) << what;
        EXPECT_EQ(meta.column(c).stats.nullCount, columns[c].nullCount());
        EXPECT_EQ(meta.column(c).type, columns[c].type());
    }
}

std::vector<Column> single(Column&& column) {
    std::vector<Column> columns;
    columns.push_back(std::move(column));
    return columns;
}

class EveryType : public testing::TestWithParam<size_t> {};

TEST_P(EveryType, ComesBackWithEveryPatternOfValuesAndNulls) {
    const ColumnType type = samples::allTypes()[GetParam()];
    for (const Values values : samples::kAllValues) {
        for (const Nulls nulls : samples::kAllNulls) {
            for (const uint32_t rows : {0U, 1U, 63U, 64U, 65U, 1023U, 1024U, 1025U, 5000U}) {
                const auto columns = single(samples::makeColumn(type, rows, values, nulls, rows));
                for (const int effort : {0, 1, 2}) {
                    const std::string what = samples::typeName(type) + ", values " +
                                             std::to_string(static_cast<int>(values)) + ", nulls " +
                                             std::to_string(static_cast<int>(nulls)) + ", rows " +
                                             std::to_string(rows) + ", effort " +
                                             std::to_string(effort);
                    ASSERT_NO_FATAL_FAILURE(
                        expectEqual(encode(columns, effort, {}, {0}), columns, what));
                }
            }
        }
    }
}

TEST_P(EveryType, FillsASegment) {
    const ColumnType type = samples::allTypes()[GetParam()];
    for (const Values values : {Values::Decimal, Values::Runs}) {
        const auto columns = single(samples::makeColumn(type, kMaxRows, values, Nulls::Some, 99));
        ASSERT_NO_FATAL_FAILURE(expectEqual(encode(columns, 1), columns, samples::typeName(type)));
    }
}

INSTANTIATE_TEST_SUITE_P(Types, EveryType, testing::Range<size_t>(0, samples::allTypes().size()));

TEST(Segment, KeepsValuesOfAMegabyte) {
    std::mt19937_64 random(1);
    Column column(ColumnType::bytes(Content::Text), heap());
    for (int i = 0; i < 8; ++i) {
        std::string value(1 << 20, static_cast<char>('a' + i));
        for (size_t at = 0; i % 2 == 1 && at < value.size(); ++at) {
            value[at] = static_cast<char>(random());
        }
        column.appendBytes(value);
    }
    const auto columns = single(std::move(column));
    for (const int effort : {0, 1, 2})
        expectEqual(encode(columns, effort), columns, "megabytes");
}

std::string codecOf(const EncodedSegment& segment, uint32_t column) {
    return std::string(segment.meta.column(column).encodingName);
}

TEST(Segment, ChoosesTheCodecThatFits) {
    const auto codec = [](ColumnType type, Values values) {
        return codecOf(encode(single(samples::makeColumn(type, 20000, values, Nulls::None, 3)), 1),
                       0);
    };
    EXPECT_EQ(codec(ColumnType::of(Kind::Int64), Values::Constant), "constant");
    EXPECT_EQ(codec(ColumnType::of(Kind::Int64), Values::Runs), "placed runs");
    EXPECT_EQ(codec(ColumnType::of(Kind::Int64), Values::Few), "dictionary");
    EXPECT_EQ(codec(ColumnType::of(Kind::Int64), Values::Random), "integers");
    EXPECT_EQ(codec(ColumnType::of(Kind::Float64), Values::Decimal), "decimal");
    EXPECT_EQ(codec(ColumnType::of(Kind::Float64), Values::Random), "split float");
    EXPECT_EQ(codec(ColumnType::fixed(16), Values::Random), "fixed words");
    EXPECT_EQ(codec(ColumnType::bytes(Content::Text), Values::Few), "dictionary");
    EXPECT_EQ(codec(ColumnType::bytes(Content::Text), Values::Decimal), "template");
    EXPECT_EQ(codec(ColumnType::bytes(Content::Text), Values::Ascending), "template");
    EXPECT_EQ(codec(ColumnType::bytes(), Values::Random), "plain bytes");
    EXPECT_EQ(codec(ColumnType::bytes(), Values::Extremes), "compressed bytes");
    EXPECT_EQ(codec(ColumnType::bytes(Content::Numeric), Values::Decimal), "numeric");
}

// A small shop: what the product and the session determine is derived from them.
std::vector<Column> shop(uint32_t rows, bool withNulls) {
    std::mt19937_64 random(5);
    std::vector<Column> columns;
    columns.emplace_back(ColumnType::of(Kind::Int64), heap());       // 0 customer
    columns.emplace_back(ColumnType::of(Kind::Int64), heap());       // 1 time
    columns.emplace_back(ColumnType::of(Kind::Int32), heap());       // 2 product
    columns.emplace_back(ColumnType::bytes(Content::Text), heap());  // 3 brand
    columns.emplace_back(ColumnType::of(Kind::Float64), heap());     // 4 price
    columns.emplace_back(ColumnType::bytes(Content::Text), heap());  // 5 url
    columns.emplace_back(ColumnType::of(Kind::Int64), heap());       // 6 session
    columns.emplace_back(ColumnType::bytes(Content::Text), heap());  // 7 country
    int64_t customer = 0;
    int64_t session = 0;
    int64_t time = 0;
    for (uint32_t row = 0; row < rows; ++row) {
        if (row == 0 || random() % 6 == 0) {
            session = static_cast<int64_t>(random() % 1000000);
            customer += static_cast<int64_t>(random() % 3 + 1);
            time = static_cast<int64_t>(random() % 1000000000000);
        }
        time += static_cast<int64_t>(random() % 30000000);
        const auto product = static_cast<int32_t>(random() % 500);
        columns[0].append<int64_t>(customer);
        columns[1].append<int64_t>(time);
        if (withNulls && product % 50 == 7) {
            columns[2].appendNull();
            columns[3].appendNull();
            columns[4].append<double>(0);
        } else {
            columns[2].append<int32_t>(product);
            columns[3].appendBytes("brand " + std::to_string(product % 37));
            columns[4].append<double>(product * 100.0 / 7);
        }
        columns[5].appendBytes("/p/" + std::to_string(product) +
                               "?s=" + std::to_string(random() >> 1));
        columns[6].append<int64_t>(session);
        columns[7].appendBytes(session % 3 == 0 ? "US" : "DE");
    }
    return columns;
}

TEST(Segment, DerivesColumnsFromEachOther) {
    for (const bool withNulls : {false, true}) {
        const auto columns = shop(20000, withNulls);
        for (const int effort : {0, 1, 2}) {
            const EncodedSegment segment = encode(columns, effort, {0, 1}, {0});
            expectEqual(segment, columns, "shop");
            EXPECT_EQ(codecOf(segment, 0), "placed runs");
            EXPECT_EQ(codecOf(segment, 1), "grouped delta");
            EXPECT_EQ(codecOf(segment, 2), "dictionary");
            EXPECT_EQ(codecOf(segment, 3), "derived by code");
            EXPECT_EQ(codecOf(segment, 4), "derived by code");
            EXPECT_EQ(codecOf(segment, 5), "template");
            EXPECT_EQ(codecOf(segment, 7).substr(0, 7), "derived");
            ASSERT_EQ(segment.meta.references(3).size(), 1U);
            EXPECT_EQ(segment.meta.references(3)[0], 2U);
            EXPECT_EQ(segment.meta.references(5).size(), withNulls ? 0U : 1U);
            // A key stands alone or depends on keys.
            EXPECT_TRUE(segment.meta.references(0).empty());
        }
    }
}

TEST(Segment, ReadsOnlyTheChunksItNeeds) {
    const auto columns = shop(5000, false);
    const EncodedSegment segment = encode(columns, 1);
    MemoryChunks chunks(segment);
    SegmentReader reader(segment.meta, chunks, heap());
    EXPECT_EQ(chunks.fetches, 0);
    vector::Block block(heap());
    reader.read(2, 0, 100, block);
    EXPECT_EQ(chunks.fetches, 1);
    reader.read(3, 0, 100, block);
    EXPECT_EQ(chunks.fetches, 2);
}

TEST(Segment, HeaderIsSmallAndVersioned) {
    const auto columns = shop(20000, true);
    const EncodedSegment segment = encode(columns, 1, {0, 1});
    std::pmr::vector<std::byte> stored;
    segment.meta.serialize(stored);
    EXPECT_LT(stored.size(), 600U);
    ASSERT_EQ(segment.meta.sortKeys().size(), 2U);
    stored[4] = std::byte{9};
    try {
        SegmentMeta::parse(stored, heap());
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::Unsupported);
    }
    stored[4] = std::byte{kFormatVersion};
    for (size_t at = 0; at < stored.size(); ++at) {
        if (at == 4)
            continue;
        stored[at] ^= std::byte{0x10};
        EXPECT_THROW(SegmentMeta::parse(stored, heap()), base::Error) << at;
        stored[at] ^= std::byte{0x10};
    }
    for (size_t size = 0; size < stored.size(); ++size) {
        EXPECT_THROW(SegmentMeta::parse(std::span(stored).first(size), heap()), base::Error);
    }
}

TEST(Segment, ZoneMapsAreReadWithoutTheRestOfTheHeader) {
    const auto columns = shop(20000, true);
    const EncodedSegment segment = encode(columns, 1, {0, 1});
    std::pmr::vector<std::byte> stored;
    segment.meta.serialize(stored);
    const ZoneMaps zones(stored);
    ASSERT_EQ(zones.columnCount(), segment.meta.columnCount());
    EXPECT_EQ(zones.rows(), segment.meta.rows());
    for (uint32_t c = zones.columnCount(); c-- > 0;) {
        const ColumnMeta& whole = segment.meta.column(c);
        const ColumnMeta part = zones.column(c);
        EXPECT_EQ(part.type, whole.type) << c;
        EXPECT_EQ(part.stats.nullCount, whole.stats.nullCount) << c;
        ASSERT_EQ(part.stats.hasRange, whole.stats.hasRange) << c;
        if (!part.stats.hasRange)
            continue;
        EXPECT_EQ(part.stats.min.integer, whole.stats.min.integer) << c;
        EXPECT_EQ(part.stats.max.integer, whole.stats.max.integer) << c;
        EXPECT_EQ(part.stats.min.real, whole.stats.min.real) << c;
        EXPECT_EQ(part.stats.max.bytes(), whole.stats.max.bytes()) << c;
    }
    EXPECT_THROW((void)zones.column(zones.columnCount()), base::Error);
    for (size_t at = 0; at < stored.size(); ++at) {
        stored[at] ^= std::byte{0x10};
        EXPECT_THROW(ZoneMaps{stored}, base::Error) << at;
        stored[at] ^= std::byte{0x10};
    }
}

TEST(Segment, RefusesWhatItCannotHold) {
    const auto kindOf = [](const std::vector<Column>& columns, std::vector<uint32_t> keys) {
        try {
            encode(columns, 1, std::move(keys));
        } catch (const base::Error& error) {
            return error.kind();
        }
        return base::ErrorKind::Internal;
    };
    const ColumnType type = ColumnType::of(Kind::Int64);
    EXPECT_EQ(kindOf({}, {}), base::ErrorKind::BadArgument);
    EXPECT_EQ(
        kindOf(single(samples::makeColumn(type, kMaxRows + 1, Values::Few, Nulls::None, 1)), {}),
        base::ErrorKind::BadArgument);
    auto columns = single(samples::makeColumn(type, 10, Values::Random, Nulls::None, 1));
    EXPECT_EQ(kindOf(columns, {0}), base::ErrorKind::BadArgument);
    EXPECT_EQ(kindOf(columns, {1}), base::ErrorKind::BadArgument);
    columns.push_back(samples::makeColumn(type, 11, Values::Few, Nulls::None, 1));
    EXPECT_EQ(kindOf(columns, {}), base::ErrorKind::BadArgument);
}

TEST(SegmentReader, RefusesRangesOutside) {
    const auto columns =
        single(samples::makeColumn(ColumnType::of(Kind::Int64), 3000, Values::Few, Nulls::None, 1));
    const EncodedSegment segment = encode(columns, 1);
    MemoryChunks chunks(segment);
    SegmentReader reader(segment.meta, chunks, heap());
    vector::Block block(heap());
    EXPECT_THROW(reader.read(0, 2999, 2, block), base::Error);
    EXPECT_THROW(reader.read(0, UINT32_MAX, 2, block), base::Error);
    EXPECT_THROW(reader.read(0, 0, kBlockRows + 1, block), base::Error);
    EXPECT_THROW(reader.read(1, 0, 1, block), base::Error);
    EXPECT_NO_THROW(reader.read(0, 3000, 0, block));
}

TEST(SegmentReader, NoticesEveryFlippedByte) {
    const auto columns = shop(3000, true);
    EncodedSegment segment = encode(columns, 1, {0, 1}, {0});
    std::mt19937_64 random(8);
    for (uint32_t c = 0; c < columns.size(); ++c) {
        for (int i = 0; i < 50; ++i) {
            const size_t at = random() % segment.chunks[c].size();
            segment.chunks[c][at] ^= std::byte{0x04};
            MemoryChunks chunks(segment);
            SegmentReader reader(segment.meta, chunks, heap());
            vector::Block block(heap());
            try {
                reader.read(c, 0, 10, block);
                ADD_FAILURE() << "damage at byte " << at << " was not noticed";
            } catch (const base::Error& error) {
                EXPECT_EQ(error.kind(), base::ErrorKind::CorruptData);
            }
            segment.chunks[c][at] ^= std::byte{0x04};
        }
    }
}

// Makes the checksums of a piece fit its payload again; returns the header's.
uint32_t mendChecksums(std::pmr::vector<std::byte>& piece) {
    constexpr size_t kPage = base::Pages::kPageBytes;
    const size_t pages = piece.size() <= kPage ? 0 : (piece.size() - 1) / (kPage + 4) + 1;
    const std::vector<std::byte> payload(piece.begin() + static_cast<std::ptrdiff_t>(4 * pages),
                                         piece.end());
    piece.clear();
    return segment::appendPiece(payload, piece);
}

TEST(PagedPiece, KeepsItsPayload) {
    class Stored final : public segment::PagedPiece {
      public:
        explicit Stored(std::span<const std::byte> piece) : piece_(piece) {}

      private:
        void fetch(uint32_t offset, std::span<std::byte> into) override {
            std::memcpy(into.data(), piece_.data() + offset, into.size());
        }
        std::span<const std::byte> piece_;
    };
    std::mt19937_64 random(5);
    for (const size_t size : {0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 100000, 1000000}) {
        std::vector<std::byte> payload(size);
        for (std::byte& byte : payload)
            byte = static_cast<std::byte>(random());
        std::pmr::vector<std::byte> piece;
        const uint32_t crc = segment::appendPiece(payload, piece);
        for (const bool sparse : {false, true}) {
            std::pmr::monotonic_buffer_resource arena;
            Stored stored(piece);
            stored.open(static_cast<uint32_t>(piece.size()), crc, sparse, &arena);
            ASSERT_EQ(stored.payload().size(), size);
            for (int i = 0; i < 200 && size > 0; ++i) {
                const size_t at = random() % size;
                const size_t length = std::min<size_t>(size - at, random() % 9000);
                stored.require(stored.payload().data() + at, length);
                ASSERT_EQ(std::memcmp(stored.payload().data() + at, payload.data() + at, length),
                          0);
            }
        }
    }
}

// Reads of one block fetch a few pages, and see what reads of whole chunks see.
TEST(SegmentReader, ReadsFewBlocksPageByPage) {
    const auto columns = shop(100000, true);
    const EncodedSegment segment = encode(columns, 2, {0, 1}, {0});
    size_t whole = 0;
    for (const auto& chunk : segment.chunks)
        whole += chunk.size();
    std::mt19937_64 random(6);
    for (int i = 0; i < 20; ++i) {
        MemoryChunks chunks(segment);
        SegmentReader reader(segment.meta, chunks, heap());
        reader.setSparse(true);
        const auto row = static_cast<uint32_t>(random() % 99000);
        for (uint32_t c = 0; c < columns.size(); ++c) {
            vector::Column values(columns[c].type(), heap());
            reader.append(c, row, 100, values);
            for (uint32_t at = 0; at < 100; ++at)
                ASSERT_TRUE(values.rowEquals(at, columns[c], row + at)) << c << " " << row + at;
        }
        EXPECT_LT(chunks.fetched, whole / 2);
    }
    MemoryChunks chunks(segment);
    SegmentReader reader(segment.meta, chunks, heap());
    reader.setSparse(true);
    for (uint32_t c = 0; c < columns.size(); ++c) {
        vector::Column values(columns[c].type(), heap());
        reader.append(c, 0, 100000, values);
        ASSERT_TRUE(values.equals(columns[c])) << c;
    }
}

// Reads of a few rows decode dictionary entries and patches one by one; the answer is the same.
TEST(SegmentReader, ReadsFewRowsOfEveryEncoding) {
    std::mt19937_64 random(12);
    for (const ColumnType type : samples::allTypes()) {
        for (const Values values : samples::kAllValues) {
            const auto columns = single(samples::makeColumn(type, 5000, values, Nulls::Some, 4));
            for (int effort = 0; effort <= 2; ++effort) {
                const EncodedSegment segment = encode(columns, effort);
                MemoryChunks chunks(segment);
                SegmentReader reader(segment.meta, chunks, heap());
                reader.setSparse(true);
                vector::Block block(heap());
                for (int i = 0; i < 100; ++i) {
                    const auto count = static_cast<uint32_t>(1 + random() % 20);
                    const auto row = static_cast<uint32_t>(random() % (5000 - count));
                    reader.read(0, row, count, block);
                    vector::Column flat(type, heap());
                    block.flatten(flat);
                    ASSERT_EQ(flat.size(), count);
                    for (uint32_t at = 0; at < count; ++at)
                        ASSERT_TRUE(flat.rowEquals(at, columns[0], row + at)) << row + at;
                }
            }
        }
    }
    const auto columns = shop(60000, true);
    const EncodedSegment segment = encode(columns, 2, {0, 1}, {0});
    MemoryChunks chunks(segment);
    SegmentReader reader(segment.meta, chunks, heap());
    reader.setSparse(true);
    for (int i = 0; i < 3000; ++i) {
        const auto row = static_cast<uint32_t>(random() % 59980);
        const auto c = static_cast<uint32_t>(random() % columns.size());
        vector::Column flat(columns[c].type(), heap());
        const auto count = static_cast<uint32_t>(1 + random() % 20);
        reader.append(c, row, count, flat);
        for (uint32_t at = 0; at < count; ++at)
            ASSERT_TRUE(flat.rowEquals(at, columns[c], row + at)) << c << " " << row + at;
    }
}

// With the checksum made to fit, damage may go unnoticed but must not crash; verify() is free to
// find it or not.
TEST(SegmentReader, SurvivesDamageBehindAValidChecksum) {
    std::mt19937_64 random(9);
    for (const ColumnType type : samples::allTypes()) {
        for (const Values values : samples::kAllValues) {
            const auto columns = single(samples::makeColumn(type, 1500, values, Nulls::Some, 4));
            const EncodedSegment segment = encode(columns, 1);
            for (int i = 0; i < 60; ++i) {
                EncodedSegment damaged = encode(columns, 1);
                auto& chunk = damaged.chunks[0];
                const size_t at = i < 30
                                      ? std::min<size_t>(static_cast<size_t>(i), chunk.size() - 1)
                                      : random() % chunk.size();
                chunk[at] = static_cast<std::byte>(random());
                SegmentMeta meta(heap());
                meta.setRows(segment.meta.rows());
                ColumnMeta column = segment.meta.column(0);
                column.crc = mendChecksums(chunk);
                meta.addColumn(column, {});
                MemoryChunks chunks(damaged);
                SegmentReader reader(meta, chunks, heap());
                try {
                    reader.verify(0);
                } catch (const base::Error& error) {
                    EXPECT_EQ(error.kind(), base::ErrorKind::CorruptData) << error.what();
                }
            }
        }
    }
}

TEST(SegmentReader, NoticesColumnsThatReferToEachOtherInACircle) {
    base::ByteWriter chunk;
    chunk.u8(static_cast<uint8_t>(encoding::ColumnCodec::DerivedByRun));
    chunk.varint(1);
    base::ByteWriter other;
    other.u8(static_cast<uint8_t>(encoding::ColumnCodec::DerivedByRun));
    other.varint(0);
    EncodedSegment segment{SegmentMeta(heap()), {}, {}};
    segment.meta.setRows(10);
    for (const auto* bytes : {&chunk, &other}) {
        ColumnMeta column;
        column.type = ColumnType::of(Kind::Int64);
        column.chunkBytes = static_cast<uint32_t>(bytes->size());
        column.crc = base::crc32c(bytes->bytes());
        segment.meta.addColumn(column, {});
        segment.chunks.emplace_back(bytes->bytes().begin(), bytes->bytes().end());
    }
    MemoryChunks chunks(segment);
    SegmentReader reader(segment.meta, chunks, heap());
    vector::Block block(heap());
    for (int attempt = 0; attempt < 2; ++attempt) {
        try {
            reader.read(0, 0, 1, block);
            FAIL();
        } catch (const base::Error& error) {
            EXPECT_EQ(error.kind(), base::ErrorKind::CorruptData);
            EXPECT_NE(std::strstr(error.what(), "circle"), nullptr);
        }
    }
}

TEST(SegmentReader, VerifyComparesWithTheHeader) {
    const auto columns = single(
        samples::makeColumn(ColumnType::of(Kind::Int64), 5000, Values::Ascending, Nulls::None, 1));
    const EncodedSegment segment = encode(columns, 1, {0}, {0});
    const auto failsWith = [&](auto change) {
        SegmentMeta meta(heap());
        meta.setRows(segment.meta.rows());
        meta.addSortKey(0);
        meta.setIndex(segment.meta.indexBytes(), segment.meta.indexCrc());
        ColumnMeta column = segment.meta.column(0);
        change(column);
        meta.addColumn(column, {});
        MemoryChunks chunks(segment);
        SegmentReader reader(meta, chunks, heap());
        try {
            reader.verify(0);
        } catch (const base::Error&) {
            return true;
        }
        return false;
    };
    EXPECT_FALSE(failsWith([](ColumnMeta&) {}));
    EXPECT_TRUE(failsWith([](ColumnMeta& column) { column.stats.nullCount = 1; }));
    EXPECT_TRUE(failsWith([](ColumnMeta& column) { --column.stats.max.integer; }));
    EXPECT_TRUE(failsWith([](ColumnMeta& column) { column.stats.min.integer += 1000; }));
    EXPECT_TRUE(failsWith([](ColumnMeta& column) { ++column.rawBytes; }));
}

TEST(SortPermutation, OrdersEveryTypeStably) {
    for (const ColumnType type : samples::allTypes()) {
        for (const Values values : samples::kAllValues) {
            std::vector<Column> columns;
            columns.push_back(samples::makeColumn(type, 700, values, Nulls::Some, 1));
            columns.push_back(
                samples::makeColumn(ColumnType::of(Kind::Int16), 700, Values::Few, Nulls::None, 2));
            const std::vector<uint32_t> keys = {1, 0};
            const auto order = sortPermutation(columns, keys, heap());
            std::vector<uint32_t> expected(700);
            std::iota(expected.begin(), expected.end(), 0U);
            std::stable_sort(expected.begin(), expected.end(), [&](uint32_t a, uint32_t b) {
                return compareRows(columns, keys, a, b) < 0;
            });
            ASSERT_TRUE(std::equal(order.begin(), order.end(), expected.begin(), expected.end()))
                << samples::typeName(type);
        }
    }
}

TEST(SortPermutation, PutsNanAndNullLast) {
    std::vector<Column> columns;
    columns.emplace_back(ColumnType::of(Kind::Float64), heap());
    columns[0].appendNull();
    columns[0].append<double>(std::numeric_limits<double>::quiet_NaN());
    columns[0].append<double>(0.0);
    columns[0].append<double>(std::numeric_limits<double>::infinity());
    columns[0].append<double>(-0.0);
    columns[0].append<double>(-1.0);
    const auto order = sortPermutation(columns, std::vector<uint32_t>{0}, heap());
    EXPECT_EQ(std::vector<uint32_t>(order.begin(), order.end()),
              (std::vector<uint32_t>{5, 2, 4, 3, 1, 0}));
}

}  // namespace
}  // namespace footfall::segment
