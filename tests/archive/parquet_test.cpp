// Segments to Parquet and back: every type, value by value; damage is an error.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include "engine/archive/local_store.h"
#include "engine/archive/numeric_text.h"
#include "engine/archive/parquet_reader.h"
#include "engine/archive/parquet_writer.h"
#include "engine/base/error.h"
#include "tests/archive/stores_under_test.h"
#include "tests/unit/engine/column_samples.h"

namespace footfall::archive {
namespace {

using vector::Column;
using vector::ColumnType;
using vector::Kind;

class Descriptor {
  public:
    explicit Descriptor(const std::string& path, int flags = O_RDWR | O_CREAT | O_TRUNC)
        : number_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {
        EXPECT_GE(number_, 0) << path;
    }
    ~Descriptor() { close(number_); }
    int number() const { return number_; }

  private:
    int number_;
};

// Counts what is read, and can alter it.
class WatchedStore final : public ObjectStore {
  public:
    explicit WatchedStore(std::string bytes) : bytes_(std::move(bytes)) {}
    uint64_t read() const { return read_; }
    std::string& bytes() { return bytes_; }

    void read(const std::string&, uint64_t offset, std::span<std::byte> into) override {
        BytesContent(bytes_).read(offset, into);
        read_ += into.size();
    }
    void put(const std::string&, const Content&) override {}
    PutResult putIfAbsent(const std::string&, std::string_view) override {
        return PutResult::Exists;
    }
    std::optional<ObjectInfo> stat(const std::string&) override { return std::nullopt; }
    void list(const std::string&, const std::function<void(const ObjectInfo&)>&) override {}
    void remove(const std::string&) override {}
    std::string shown(std::string_view key) const override { return std::string(key); }

  private:
    std::string bytes_;
    uint64_t read_ = 0;
};

// Counts what is taken and not given back; refuses above a limit.
class CountingResource final : public std::pmr::memory_resource {
  public:
    size_t held = 0;
    size_t limit = SIZE_MAX;

  private:
    void* do_allocate(size_t bytes, size_t alignment) override {
        EXPECT_LE(alignment, 8U);
        if (bytes > limit - std::min(held, limit))
            throw std::bad_alloc();
        held += bytes;
        return std::pmr::new_delete_resource()->allocate(bytes, alignment);
    }
    void do_deallocate(void* pointer, size_t bytes, size_t alignment) override {
        held -= bytes;
        std::pmr::new_delete_resource()->deallocate(pointer, bytes, alignment);
    }
    bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
};

std::pmr::memory_resource* heap() {
    return std::pmr::new_delete_resource();
}

ArchivedColumn describe(std::string name, ColumnType stored, Meaning meaning = Meaning::Plain,
                        int precision = 0, int scale = 0) {
    return {std::move(name), stored, meaning, static_cast<uint8_t>(precision),
            static_cast<uint8_t>(scale)};
}

// Every meaning that a stored type can have.
std::vector<ArchivedColumn> meaningsOf(ColumnType stored) {
    std::vector<ArchivedColumn> result;
    const auto add = [&](Meaning meaning, int precision = 0, int scale = 0) {
        ArchivedColumn column = describe("x", stored, meaning, precision, scale);
        if (column.valid())
            result.push_back(column);
    };
    add(Meaning::Plain);
    add(Meaning::Uuid);
    add(Meaning::Date);
    add(Meaning::Timestamp);
    add(Meaning::TimestampTz);
    add(Meaning::Time);
    if (stored.content == vector::Content::Numeric) {
        add(Meaning::NumericText);
        add(Meaning::Decimal, 12, 2);
        add(Meaning::Decimal, 38, 10);
        add(Meaning::Decimal, 1, 0);
    } else {
        add(Meaning::Text);
        add(Meaning::Json);
    }
    return result;
}

using Segment = std::vector<Column>;

std::string fileOf(const std::vector<ArchivedColumn>& columns, const std::vector<Segment>& segments,
                   std::pmr::memory_resource* resource = heap()) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/file";
    const Descriptor descriptor(path);
    ParquetWriter writer(columns, {}, descriptor.number(), resource);
    for (const Segment& segment : segments)
        writer.append(segment);
    std::string bytes(writer.finish(), '\0');
    FileContent(descriptor.number()).read(0, std::as_writable_bytes(std::span(bytes)));
    EXPECT_EQ(FileContent(descriptor.number()).size(), bytes.size());
    return bytes;
}

std::vector<uint32_t> all(size_t count) {
    std::vector<uint32_t> result(count);
    for (uint32_t at = 0; at < count; ++at)
        result[at] = at;
    return result;
}

void expectSame(const std::vector<ArchivedColumn>& columns, const std::vector<Segment>& segments) {
    WatchedStore store(fileOf(columns, segments));
    ParquetReader reader(store, "key", store.bytes().size(), heap());
    EXPECT_EQ(reader.columns(), columns);
    ASSERT_EQ(reader.groups().size(), segments.size());
    for (uint32_t group = 0; group < segments.size(); ++group) {
        const auto read = reader.read(group, all(columns.size()));
        for (size_t column = 0; column < columns.size(); ++column)
            EXPECT_TRUE(read[column].equals(segments[group][column])) << columns[column].name;
    }
}

TEST(Parquet, EveryTypeWithEveryPatternRoundTrips) {
    for (const ColumnType stored : samples::allTypes()) {
        std::vector<ArchivedColumn> columns;
        std::vector<Segment> segments(2);
        uint64_t seed = 1;
        for (const samples::Values values : samples::kAllValues) {
            for (const samples::Nulls nulls : samples::kAllNulls) {
                for (ArchivedColumn column : meaningsOf(stored)) {
                    column.name = samples::typeName(stored) + std::to_string(columns.size());
                    segments[0].push_back(samples::makeColumn(stored, 1500, values, nulls, ++seed));
                    segments[1].push_back(samples::makeColumn(stored, 1, values, nulls, ++seed));
                    columns.push_back(std::move(column));
                }
            }
        }
        SCOPED_TRACE(samples::typeName(stored));
        expectSame(columns, segments);
    }
}

TEST(Parquet, ValuesThatParquetCannotHold) {
    const ColumnType time = ColumnType::of(Kind::Int64);
    const ColumnType day = ColumnType::of(Kind::Int32);
    const ColumnType number = ColumnType::of(Kind::Float64);
    const ColumnType numeric = ColumnType::bytes(vector::Content::Numeric);
    const std::vector<ArchivedColumn> columns = {
        describe("at", time, Meaning::TimestampTz), describe("on", day, Meaning::Date),
        describe("ratio", number), describe("price", numeric, Meaning::Decimal, 10, 2),
        describe("free", numeric, Meaning::NumericText)};
    Segment segment;
    for (const ArchivedColumn& column : columns)
        segment.emplace_back(column.stored, heap());
    constexpr int64_t kEpoch = 946684800000000;
    constexpr int kRows = 12;
    const int64_t times[kRows] = {INT64_MAX,
                                  INT64_MIN,
                                  INT64_MAX - kEpoch,
                                  INT64_MAX - kEpoch - 1,
                                  9223371331199999999,
                                  -211813488000000000,
                                  0,
                                  -1,
                                  1,
                                  INT64_MAX - 1,
                                  INT64_MIN + 1,
                                  kEpoch};
    const int32_t days[kRows] = {
        INT32_MAX, INT32_MIN, INT32_MAX - 10957, INT32_MAX - 10958, 2145031948, -2451545, 0,
        -1,        1,         INT32_MAX - 1,     INT32_MIN + 1,     10957};
    const double numbers[kRows] = {0.0,
                                   -0.0,
                                   std::numeric_limits<double>::infinity(),
                                   -std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN(),
                                   std::bit_cast<double>(uint64_t{0xfff8000000000123}),
                                   std::bit_cast<double>(uint64_t{0x7ff0000000000001}),
                                   std::numeric_limits<double>::denorm_min(),
                                   1e308,
                                   0.1,
                                   -0.0,
                                   0.0};
    const char* texts[kRows] = {"NaN",          "Infinity",     "-Infinity", "12.50",
                                "12.5",         "12",           "0.00",      "0",
                                "-99999999.99", "100000000.00", "0.001",     "12.500"};
    for (int row = 0; row < kRows; ++row) {
        segment[0].append(times[row]);
        segment[1].append(days[row]);
        segment[2].append(numbers[row]);
        segment[3].appendBytes(*textToNumeric(texts[row]));
        segment[4].appendBytes(*textToNumeric(texts[row]));
    }
    // A numeric in a form that PostgreSQL would not make keeps its bytes.
    segment[0].appendNull();
    segment[1].appendNull();
    segment[2].appendNull();
    segment[3].appendBytes(std::string("\x01\x00\x00\x00\x07\x00", 6));
    segment[4].appendBytes(std::string("\x01\x00\x00\x00\x07\x00", 6));
    std::vector<Segment> segments;
    segments.push_back(std::move(segment));
    expectSame(columns, segments);
}

// A table of a thousand rows and the columns of an event log.
std::string events(std::vector<ArchivedColumn>& columns, Segment& segment, uint32_t rows) {
    columns = {
        describe("customer_id", ColumnType::of(Kind::Int64)),
        describe("ts", ColumnType::of(Kind::Int64), Meaning::TimestampTz),
        describe("event", ColumnType::bytes(vector::Content::Text), Meaning::Text),
        describe("value", ColumnType::bytes(vector::Content::Numeric), Meaning::Decimal, 12, 2),
        describe("session", ColumnType::fixed(16, vector::Content::Uuid), Meaning::Uuid)};
    uint64_t seed = 7;
    for (const ArchivedColumn& column : columns) {
        segment.push_back(samples::makeColumn(
            column.stored, rows,
            column.meaning == Meaning::Decimal ? samples::Values::Decimal : samples::Values::Random,
            samples::Nulls::Some, ++seed));
    }
    std::vector<Segment> segments;
    segments.push_back(std::move(segment));
    std::string file = fileOf(columns, segments);
    segment = std::move(segments[0]);
    return file;
}

TEST(Parquet, ReadsOnlyTheColumnsAskedFor) {
    std::vector<ArchivedColumn> columns;
    Segment segment;
    WatchedStore store(events(columns, segment, 20000));
    ParquetReader reader(store, "key", store.bytes().size(), heap());
    const uint64_t before = store.read();
    const std::vector<uint32_t> wanted = {3, 0, 3};
    const auto read = reader.read(0, wanted);
    ASSERT_EQ(read.size(), 3U);
    for (size_t at = 0; at < wanted.size(); ++at)
        EXPECT_TRUE(read[at].equals(segment[wanted[at]]));
    EXPECT_LT(store.read() - before, store.bytes().size() / 2);
    EXPECT_TRUE(reader.read(0, {}).empty());
    EXPECT_THROW(reader.read(1, {}), base::Error);
    const std::vector<uint32_t> missing = {5};
    EXPECT_THROW(reader.read(0, missing), base::Error);
}

TEST(Parquet, StartsNoThreadAndGivesMemoryBack) {
    const auto threads = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
    };
    const auto before = threads();
    std::vector<ArchivedColumn> columns;
    Segment segment;
    WatchedStore store(events(columns, segment, 5000));
    CountingResource resource;
    {
        ParquetReader reader(store, "key", store.bytes().size(), &resource);
        const auto read = reader.read(0, all(columns.size()));
        EXPECT_GT(resource.held, 5000U * 8);
        EXPECT_EQ(threads(), before);
    }
    EXPECT_EQ(resource.held, 0U);
    std::vector<Segment> segments;
    segments.push_back(std::move(segment));
    fileOf(columns, segments, &resource);
    EXPECT_EQ(resource.held, 0U);
    EXPECT_EQ(threads(), before);
}

TEST(Parquet, OutOfMemoryIsAnErrorAndLeaksNothing) {
    std::vector<ArchivedColumn> columns;
    Segment segment;
    WatchedStore store(events(columns, segment, 5000));
    std::vector<Segment> segments;
    segments.push_back(std::move(segment));
    unsigned refused = 0;
    const auto attempt = [&](CountingResource& resource, auto&& body) {
        try {
            body();
        } catch (const base::Error& error) {
            EXPECT_EQ(error.kind(), base::ErrorKind::OutOfMemory) << error.what();
            ++refused;
        } catch (const std::bad_alloc&) {
            ++refused;
        }
        EXPECT_EQ(resource.held, 0U);
    };
    for (const size_t limit : {100, 10000, 50000, 200000, 400000}) {
        CountingResource resource;
        resource.limit = limit;
        attempt(resource, [&] { fileOf(columns, segments, &resource); });
        attempt(resource, [&] {
            ParquetReader reader(store, "key", store.bytes().size(), &resource);
            reader.read(0, all(columns.size()));
        });
    }
    EXPECT_GT(refused, 5U);
}

TEST(Parquet, DamageIsAnErrorOrChangesNothing) {
    std::vector<ArchivedColumn> columns;
    Segment segment;
    const std::string whole = events(columns, segment, 300);
    const auto readAll = [&](const std::string& bytes) {
        WatchedStore store(bytes);
        try {
            ParquetReader reader(store, "key", bytes.size(), heap());
            if (reader.groups().size() != 1 || !(reader.columns() == columns))
                return false;
            const auto read = reader.read(0, all(columns.size()));
            for (size_t column = 0; column < columns.size(); ++column)
                EXPECT_TRUE(read[column].equals(segment[column])) << column;
            return true;
        } catch (const base::Error& error) {
            EXPECT_TRUE(error.kind() == base::ErrorKind::CorruptData ||
                        error.kind() == base::ErrorKind::Unsupported ||
                        error.kind() == base::ErrorKind::OutOfMemory)
                << error.what();
            return false;
        }
    };
    EXPECT_TRUE(readAll(whole));
    for (const size_t size : {size_t{0}, size_t{1}, size_t{7}, size_t{12}, whole.size() / 2,
                              whole.size() - 9, whole.size() - 1}) {
        EXPECT_FALSE(readAll(whole.substr(0, size))) << size;
    }
    std::mt19937 random(3);
    unsigned found = 0;
    for (int round = 0; round < 600; ++round) {
        std::string damaged = whole;
        const size_t at = random() % damaged.size();
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
        if (!readAll(damaged))
            ++found;
    }
    EXPECT_GT(found, 300U);
}

TEST(Parquet, AFullDiskIsToldApart) {
    const Descriptor full("/dev/full", O_WRONLY);
    std::vector<ArchivedColumn> columns;
    Segment segment;
    events(columns, segment, 100);
    try {
        ParquetWriter writer(columns, {}, full.number(), heap());
        writer.append(segment);
        writer.finish();
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_EQ(error.kind(), base::ErrorKind::DiskFull) << error.what();
    }
}

TEST(Parquet, WhatAStoreThrowsArrives) {
    class Failing final : public ObjectStore {
      public:
        void read(const std::string&, uint64_t, std::span<std::byte>) override {
            throw base::Error(base::ErrorKind::Io, "the store is gone");
        }
        void put(const std::string&, const Content&) override {}
        PutResult putIfAbsent(const std::string&, std::string_view) override {
            return PutResult::Exists;
        }
        std::optional<ObjectInfo> stat(const std::string&) override { return std::nullopt; }
        void list(const std::string&, const std::function<void(const ObjectInfo&)>&) override {}
        void remove(const std::string&) override {}
        std::string shown(std::string_view key) const override { return std::string(key); }
    } store;
    try {
        ParquetReader(store, "key", 1000, heap());
        FAIL();
    } catch (const base::Error& error) {
        EXPECT_STREQ(error.what(), "the store is gone");
    }
}

TEST(Parquet, RefusesWhatCannotBeArchived) {
    const TemporaryDirectory directory;
    const Descriptor descriptor(directory.path() + "/file");
    const auto refused = [&](std::vector<ArchivedColumn> columns) {
        EXPECT_THROW(ParquetWriter(std::move(columns), {}, descriptor.number(), heap()),
                     base::Error);
    };
    const ColumnType number = ColumnType::of(Kind::Int64);
    refused({});
    refused({describe("a", number), describe("a", number)});
    refused({describe(kExactColumn, number)});
    refused({describe("", number)});
    refused({describe("a", number, Meaning::Text)});
    refused({describe("a", ColumnType::bytes(), Meaning::Decimal, 39, 2)});
    ParquetWriter writer({describe("a", number)}, {}, descriptor.number(), heap());
    Segment segment;
    EXPECT_THROW(writer.append(segment), base::Error);
    segment.emplace_back(ColumnType::of(Kind::Int32), heap());
    EXPECT_THROW(writer.append(segment), base::Error);
    segment[0].append(int32_t{1});
    EXPECT_THROW(writer.append(segment), base::Error);
}

TEST(ArchivedFooter, RoundTripsAndRefusesNonsense) {
    ArchivedFooter footer;
    footer.columns = {describe("a \"b\"", ColumnType::of(Kind::Int64), Meaning::Time)};
    footer.groups = {{5, {UINT32_MAX}}};
    const std::string text = footer.serialize();
    const ArchivedFooter read = ArchivedFooter::parse(text);
    EXPECT_EQ(read.columns, footer.columns);
    EXPECT_EQ(read.groups[0].checksums, footer.groups[0].checksums);
    for (const auto& [from, to] :
         std::vector<std::pair<std::string, std::string>>{{"\"version\":1", "\"version\":2"},
                                                          {"\"kind\":5", "\"kind\":77"},
                                                          {"\"rows\":5", "\"rows\":131073"},
                                                          {"\"rows\":5", "\"rows\":-5"},
                                                          {"[4294967295]", "[4294967296]"},
                                                          {"[4294967295]", "[]"},
                                                          {"\"width\":8", "\"width\":9"},
                                                          {"\"groups\":", "\"other\":"}}) {
        std::string broken = text;
        ASSERT_NE(broken.find(from), std::string::npos) << from << " " << text;
        broken.replace(broken.find(from), from.size(), to);
        EXPECT_THROW(ArchivedFooter::parse(broken), base::Error) << broken;
    }
    EXPECT_THROW(ArchivedFooter::parse("nonsense"), base::Error);
}

}  // namespace
}  // namespace footfall::archive
