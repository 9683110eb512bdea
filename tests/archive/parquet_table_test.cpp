// Files, log and store together: a table in the archive, read back by its log. With
// FOOTFALL_TEST_LAKE the table is made in that directory and stays, for other_readers.py.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "engine/archive/delta_vacuum.h"
#include "engine/archive/numeric_text.h"
#include "engine/archive/parquet_reader.h"
#include "engine/archive/parquet_writer.h"
#include "tests/archive/stores_under_test.h"

namespace footfall::archive {
namespace {

using vector::Column;
using vector::ColumnType;
using vector::Kind;

constexpr int64_t kDayMicros = 86400000000;
constexpr uint32_t kSegmentRows = 5000;
constexpr uint32_t kSegments = 3;
constexpr int kDays = 2;

const std::vector<ArchivedColumn>& columns() {
    static const std::vector<ArchivedColumn> kColumns = {
        {"customer_id", ColumnType::of(Kind::Int64), Meaning::Plain, 0, 0},
        {"ts", ColumnType::of(Kind::Int64), Meaning::TimestampTz, 0, 0},
        {"event", ColumnType::bytes(vector::Content::Text), Meaning::Text, 0, 0},
        {"amount", ColumnType::bytes(vector::Content::Numeric), Meaning::Decimal, 12, 2},
        {"ratio", ColumnType::of(Kind::Float64), Meaning::Plain, 0, 0},
        {"session", ColumnType::fixed(16, vector::Content::Uuid), Meaning::Uuid, 0, 0},
        {"born", ColumnType::of(Kind::Int32), Meaning::Date, 0, 0},
        {"active", ColumnType::of(Kind::Bool), Meaning::Plain, 0, 0}};
    return kColumns;
}

// 2026-11-21 is day 9821 after 2000-01-01.
std::vector<Column> segmentOf(int day, uint32_t number) {
    std::vector<Column> segment;
    for (const ArchivedColumn& column : columns())
        segment.emplace_back(column.stored, std::pmr::new_delete_resource());
    for (uint32_t at = 0; at < kSegmentRows; ++at) {
        const int64_t row = int64_t{number} * kSegmentRows + at;
        segment[0].append(row / 10);
        segment[1].append((9821 + day) * kDayMicros + row * 1000003 % kDayMicros);
        segment[2].appendBytes(row % 3 == 0 ? "purchase" : "view \u00e4");
        if (row % 3 == 0) {
            segment[3].appendBytes(decimalToNumeric(row * 7 - 1000, 2));
        } else {
            segment[3].appendNull();
        }
        segment[4].append(static_cast<double>(row) / 4);
        std::byte uuid[16] = {};
        uuid[15] = static_cast<std::byte>(row % 256);
        segment[5].appendFixed(uuid);
        segment[6].append(static_cast<int32_t>(row % 20000 - 10000));
        segment[7].append(static_cast<uint8_t>(row % 2));
    }
    return segment;
}

class ArchivedTable : public testing::TestWithParam<std::string> {};

TEST_P(ArchivedTable, IsReadBackByItsLog) {
    const TemporaryDirectory directory;
    std::unique_ptr<ObjectStore> store;
    const char* lake = GetParam() == "local" ? std::getenv("FOOTFALL_TEST_LAKE") : nullptr;
    if (lake != nullptr) {
        store = openStore({std::string("file://") + lake, "", ""}, "", {}, NetworkPolicy(""),
                          shortPatience());
    } else {
        store = openStoreUnderTest(GetParam(), directory, randomId() + "/");
    }
    DeltaCommit creation;
    creation.operation = "CREATE TABLE";
    creation.protocol = DeltaProtocol{};
    creation.metadata = DeltaMetadata{};
    creation.metadata->id = "5f0c3a52-9d8e-4c50-8a55-0d6d2f4c1a11";
    std::vector<DeltaField> fields;
    for (const ArchivedColumn& column : columns())
        fields.push_back({column.name, column.deltaType()});
    fields.push_back({"day", "date"});
    creation.metadata->schema = deltaSchema(fields);
    creation.metadata->partitionColumns = {"day"};
    DeltaLog log(*store);
    log.commit(creation);
    const std::vector<uint32_t> sortKeys = {0, 1};
    for (int day = 0; day < kDays; ++day) {
        const std::string value = day == 0 ? "2026-11-21" : "2026-11-22";
        const std::string path = directory.path() + "/spool";
        const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
        ASSERT_GE(descriptor, 0);
        ParquetWriter writer(columns(), sortKeys, descriptor, std::pmr::new_delete_resource());
        for (uint32_t number = 0; number < kSegments; ++number)
            writer.append(segmentOf(day, number));
        DeltaCommit commit;
        commit.operation = "WRITE";
        DeltaAdd add;
        add.size = writer.finish();
        add.key = hiveFolder({{"day", value}}) + "part-" + randomId() + ".zstd.parquet";
        add.partitionValues = {{"day", value}};
        add.stats = R"({"numRecords":)" + std::to_string(kSegmentRows * kSegments) + "}";
        store->put(add.key, FileContent(descriptor));
        close(descriptor);
        commit.adds = {add};
        log.commit(commit);
    }
    DeltaLog reading(*store);
    reading.refresh();
    ASSERT_EQ(reading.files().size(), static_cast<size_t>(kDays));
    int day = 0;
    for (const auto& [key, file] : reading.files()) {
        ParquetReader reader(*store, key, file.size, std::pmr::new_delete_resource());
        ASSERT_EQ(reader.groups().size(), kSegments);
        std::vector<uint32_t> wanted;
        for (uint32_t column = 0; column < columns().size(); ++column)
            wanted.push_back(column);
        for (uint32_t number = 0; number < kSegments; ++number) {
            const auto expected = segmentOf(day, number);
            const auto read = reader.read(number, wanted);
            for (size_t column = 0; column < read.size(); ++column)
                EXPECT_TRUE(read[column].equals(expected[column])) << columns()[column].name;
        }
        ++day;
    }
}

INSTANTIATE_TEST_SUITE_P(Stores, ArchivedTable, testing::ValuesIn(storesUnderTest()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace footfall::archive
