// Runs with and without the places of blocks, read a block at a time, in any order, and whole.
#include <gtest/gtest.h>

#include <functional>
#include <numeric>
#include <random>
#include <vector>

#include "engine/encoding/column_codecs.h"
#include "engine/encoding/run_ends.h"

namespace footfall::encoding {
namespace {

using vector::Column;
using vector::ColumnType;
using vector::Kind;

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

// Runs that end inside blocks, at their ends, and blocks later.
std::vector<uint32_t> runEnds(uint32_t seed, uint32_t rows) {
    std::mt19937 random(seed);
    std::vector<uint32_t> ends;
    uint32_t row = 0;
    while (row < rows) {
        const uint32_t kind = random() % 40;
        uint32_t length = 1 + static_cast<uint32_t>(random() % 9);
        if (kind == 0)
            length = kBatchRows - row % kBatchRows;
        if (kind == 1)
            length = static_cast<uint32_t>(random() % 5000 + 1);
        if (kind == 2)
            length = 2 * kBatchRows - row % kBatchRows;
        row = std::min(rows, row + length);
        ends.push_back(row);
    }
    return ends;
}

Column valuesOf(const std::vector<uint32_t>& ends) {
    Column column(ColumnType::of(Kind::Int64), heap());
    uint32_t row = 0;
    for (size_t run = 0; run < ends.size(); ++run) {
        for (; row < ends[run]; ++row)
            column.append<int64_t>(static_cast<int64_t>(run) * 7);
    }
    return column;
}

// How a column of more than one block was stored before places were.
void encodeWithoutPlaces(const Column& column, const std::vector<uint32_t>& ends,
                         base::ByteWriter& out) {
    std::vector<uint64_t> lengths;
    std::vector<uint32_t> starts;
    uint32_t row = 0;
    for (const uint32_t end : ends) {
        lengths.push_back(end - row - 1);
        starts.push_back(row);
        row = end;
    }
    out.u8(static_cast<uint8_t>(ColumnCodec::RunLength));
    out.varint(ends.size());
    encodeIntegerPart(lengths, Effort::Seal, out);
    const size_t part = out.beginPart();
    encodeColumn(column.gather(starts, heap()), NodeOptions{}, out);
    out.endPart(part);
}

void expectRows(ColumnDecoder& decoder, const Column& column, uint32_t first, uint32_t count) {
    vector::Block block(heap());
    decoder.read(first, count, block);
    ASSERT_EQ(block.rows, count);
    for (uint32_t i = 0; i < count; ++i)
        ASSERT_TRUE(block.holder().rowEquals(block.holderRow(i), column, first + i)) << first + i;
}

TEST(RunEnds, ReadsAnyBlocksInAnyOrder) {
    for (const uint32_t rows : {1U, 1024U, 1025U, 2048U, 5000U, 131072U}) {
        const auto ends = runEnds(rows, rows);
        const Column column = valuesOf(ends);
        for (const bool placed : {true, false}) {
            base::ByteWriter node;
            if (placed) {
                encodeRunLength(column, ends, NodeOptions{}, node);
            } else {
                encodeWithoutPlaces(column, ends, node);
            }
            const auto codec = static_cast<ColumnCodec>(node.bytes()[0]);
            EXPECT_EQ(codec == ColumnCodec::PlacedRuns, placed && rows > kBatchRows);
            std::mt19937 random(rows);
            for (int reader = 0; reader < 8; ++reader) {
                Arena arena(heap());
                OpenContext context{arena, nullptr};
                ColumnDecoder* decoder =
                    openColumn(base::ByteReader(node.bytes()), column.type(), rows, context);
                // The first few reads decode single blocks, later ones all.
                for (int i = 0; i < 6; ++i) {
                    const auto first = static_cast<uint32_t>(random() % rows);
                    const uint32_t count = std::min(kBatchRows, rows - first);
                    ASSERT_NO_FATAL_FAILURE(expectRows(*decoder, column, first, count));
                    const std::vector<uint16_t> positions = {static_cast<uint16_t>(count / 3),
                                                             static_cast<uint16_t>(count - 1)};
                    vector::Block block(heap());
                    decoder->readRows(first, count, positions, block);
                    for (const uint16_t at : positions) {
                        ASSERT_TRUE(
                            block.holder().rowEquals(block.holderRow(at), column, first + at));
                    }
                }
                RunEnds* found = decoder->runEnds();
                ASSERT_NE(found, nullptr);
                for (uint32_t block = 0; block < found->blocks(); ++block) {
                    found->require(block);
                    uint32_t run = found->firstRun(block);
                    EXPECT_EQ(found->runOf(block * kBatchRows), run);
                    for (uint32_t i = 0; i < found->runsIn(block); ++i, ++run)
                        EXPECT_EQ(found->end(run), ends[run]);
                }
            }
        }
    }
}

TEST(RunEnds, GroupsOfDifferencesFollowEitherForm) {
    const uint32_t rows = 20000;
    const auto ends = runEnds(3, rows);
    const Column parent = valuesOf(ends);
    Column times(ColumnType::of(Kind::Int64), heap());
    std::mt19937_64 random(4);
    for (uint32_t row = 0; row < rows; ++row)
        times.append<int64_t>(static_cast<int64_t>(random() % 1000000007));
    base::ByteWriter node;
    encodeGroupedDelta(times, 0, ends, Effort::Seal, node);
    for (const bool placed : {true, false}) {
        base::ByteWriter stored;
        if (placed) {
            encodeRunLength(parent, ends, NodeOptions{}, stored);
        } else {
            encodeWithoutPlaces(parent, ends, stored);
        }
        struct Parent final : ColumnResolver {
            ColumnDecoder* decoder = nullptr;
            ColumnDecoder& resolve(uint32_t) override { return *decoder; }
        } columns;
        for (const uint32_t first : {19000U, 0U, 5000U, 1023U, 7168U}) {
            Arena arena(heap());
            OpenContext context{arena, &columns};
            columns.decoder =
                openColumn(base::ByteReader(stored.bytes()), parent.type(), rows, context);
            ColumnDecoder* decoder =
                openColumn(base::ByteReader(node.bytes()), times.type(), rows, context);
            ASSERT_NO_FATAL_FAILURE(
                expectRows(*decoder, times, first, std::min(kBatchRows, rows - first)));
            ASSERT_NO_FATAL_FAILURE(expectRows(*decoder, times, first + 500, 3));
        }
    }
}

// Places that the lengths contradict, with all else as it has to be.
TEST(RunEnds, NoticesPlacesThatAreNotWhereRunsAre) {
    const uint32_t rows = 10000;
    const auto ends = runEnds(11, rows);
    const auto lengthsOf = [&] {
        std::vector<uint64_t> lengths(ends.begin(), ends.end());
        std::adjacent_difference(lengths.begin(), lengths.end(), lengths.begin());
        for (uint64_t& length : lengths)
            --length;
        return lengths;
    };
    const auto readBlock = [&](const RunPlaces& places, uint32_t block) {
        base::ByteWriter out;
        encodeIntegerPart(places.runs, Effort::Seal, out);
        encodeIntegerPart(places.rowsBefore, Effort::Seal, out);
        encodeIntegerPart(lengthsOf(), Effort::Seal, out);
        Arena arena(heap());
        base::ByteReader in(out.bytes());
        const auto blocks = static_cast<uint32_t>(places.runs.size());
        IntDecoder* firstRuns = openIntegerPart(in, blocks, arena);
        IntDecoder* rowsBefore = openIntegerPart(in, blocks, arena);
        IntDecoder* lengths = openIntegerPart(in, static_cast<uint32_t>(ends.size()), arena);
        RunEnds found(lengths, rows, firstRuns, rowsBefore, arena);
        found.require(block);
    };
    const RunPlaces good = findPlaces(ends, rows);
    for (uint32_t block = 0; block < good.runs.size(); ++block)
        EXPECT_NO_THROW(readBlock(good, block));
    for (uint32_t block = 0; block < good.runs.size(); ++block) {
        for (const int64_t by : {-1, 1, 1000, 5000}) {
            for (const bool run : {true, false}) {
                RunPlaces bad = good;
                (run ? bad.runs : bad.rowsBefore)[block] += static_cast<uint64_t>(by);
                EXPECT_THROW(readBlock(bad, block), base::Error) << block << " " << by;
            }
        }
    }
}

}  // namespace
}  // namespace footfall::encoding
