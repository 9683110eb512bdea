// The Delta log: its text, optimistic commits on each store, vacuum, and what is refused.
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <thread>

#include "engine/archive/delta_vacuum.h"
#include "engine/base/error.h"
#include "tests/archive/stores_under_test.h"

namespace footfall::archive {
namespace {

DeltaCommit creation() {
    DeltaCommit commit;
    commit.timestampMillis = 1795273445000;
    commit.operation = "CREATE TABLE";
    commit.protocol = DeltaProtocol{};
    DeltaMetadata metadata;
    metadata.id = randomId();
    metadata.name = "events \"quoted\"\n";
    metadata.schema =
        deltaSchema({{"ts", "timestamp"}, {"amount", "decimal(12,2)"}, {"day", "date"}});
    metadata.partitionColumns = {"day"};
    metadata.configuration = {{"delta.deletedFileRetentionDuration", "interval 7 days"}};
    metadata.createdMillis = 1795273445000;
    commit.metadata = metadata;
    return commit;
}

DeltaAdd file(const std::string& key, uint64_t size = 100) {
    DeltaAdd add;
    add.key = key;
    add.partitionValues = {{"day", "2026-11-21"}};
    add.size = size;
    add.modifiedMillis = 1795273445000;
    add.stats = R"({"numRecords":5,"nullCount":{"ts":0}})";
    return add;
}

DeltaCommit adding(const std::string& key) {
    DeltaCommit commit;
    commit.operation = "WRITE";
    commit.adds = {file(key)};
    return commit;
}

DeltaCommit removing(const std::string& key, int64_t millis) {
    DeltaCommit commit;
    commit.operation = "DELETE";
    commit.removes = {{key, millis, true}};
    return commit;
}

template <class Body>
base::ErrorKind failureOf(Body&& body) {
    try {
        body();
    } catch (const base::Error& error) {
        return error.kind();
    }
    return base::ErrorKind::Internal;
}

TEST(DeltaText, RoundTrips) {
    DeltaCommit commit = creation();
    commit.adds = {file("day=2026-11-21/a b%:+\u00e4.parquet"), file("plain")};
    commit.adds[0].partitionValues["country"] = std::nullopt;
    commit.adds[1].stats.clear();
    commit.adds[1].dataChange = false;
    commit.removes = {{"old/part", 77, true}};
    commit.transactions = {{"footfall:16384", 42}};
    const std::string text = serializeCommit(commit, "id");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7);
    const DeltaCommit read = parseCommit(text);
    EXPECT_EQ(serializeCommit(
                  [&] {
                      DeltaCommit same = read;
                      same.operation = commit.operation;
                      return same;
                  }(),
                  "id"),
              text);
    EXPECT_EQ(read.adds[0].key, commit.adds[0].key);
    EXPECT_EQ(read.adds[0].partitionValues, commit.adds[0].partitionValues);
    EXPECT_FALSE(read.adds[1].dataChange);
    EXPECT_EQ(read.metadata->schema, commit.metadata->schema);
    EXPECT_EQ(read.transactions[0].version, 42);
    EXPECT_NE(text.find(R"("path":"day=2026-11-21/a%20b%25%3A%2B%C3%A4.parquet")"),
              std::string::npos);
}

TEST(DeltaText, RefusesWhatItDoesNotUnderstand) {
    const std::string add = R"("path":"p","partitionValues":{},"size":1,"modificationTime":1)";
    for (
        const std::string& text : std::vector<std::string>{
            R"({"protocol":{"minReaderVersion":2,"minWriterVersion":5}})",
            R"({"protocol":{"minReaderVersion":1,"minWriterVersion":3}})",
            R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["x"]}})",
            R"({"domainMetadata":{"domain":"x"}})", R"({"cdc":{"path":"x"}})",
            R"({"add":{)" + add + R"(,"deletionVector":{"storageType":"u"}}})",
            R"({"remove":{"path":"p","deletionVector":{"storageType":"u"}}})",
            R"({"add":{"path":"s3://other/p","partitionValues":{},"size":1,"modificationTime":1}})",
            R"({"add":{"path":"/etc/p","partitionValues":{},"size":1,"modificationTime":1}})",
            R"({"metaData":{"id":"x","format":{"provider":"csv"},"schemaString":"{}",)"
            R"("partitionColumns":[]}})"}) {
        EXPECT_EQ(failureOf([&] { parseCommit(text); }), base::ErrorKind::Unsupported) << text;
    }
    for (const std::string& text : std::vector<std::string>{
             "nonsense", "[]", "{}", R"({"add":5})", R"({"add":{},"remove":{}})",
             R"({"add":{"path":"p"}})", R"({"add":{"path":7,"partitionValues":{}}})",
             R"({"add":{"path":"p","partitionValues":[],"size":1,"modificationTime":1}})",
             R"({"add":{"path":"p","partitionValues":{"d":1},"size":1,"modificationTime":1}})",
             R"({"add":{"path":"p","partitionValues":{},"size":-1,"modificationTime":1}})",
             R"({"add":{"path":"p","partitionValues":{},"size":1e3,"modificationTime":1}})",
             R"({"add":{"path":"%zz","partitionValues":{},"size":1,"modificationTime":1}})",
             R"({"txn":{"appId":"a"}})", R"({"txn":{"appId":"a","version":18446744073709551615}})",
             R"({"protocol":{"minReaderVersion":"1","minWriterVersion":1}})"}) {
        EXPECT_EQ(failureOf([&] { parseCommit(text); }), base::ErrorKind::CorruptData) << text;
    }
}

TEST(DeltaText, FoldersAsHiveNamesThem) {
    EXPECT_EQ(hiveFolder({{"day", "2026-11-21"}, {"at", "10:30 a/b"}, {"x", std::nullopt}}),
              "day=2026-11-21/at=10%3A30 a%2Fb/x=__HIVE_DEFAULT_PARTITION__/");
    EXPECT_EQ(hiveFolder({}), "");
}

class DeltaTable : public testing::TestWithParam<std::string> {
  protected:
    std::unique_ptr<ObjectStore> open() {
        return openStoreUnderTest(GetParam(), directory_, folder_);
    }
    std::set<std::string> keys() {
        std::set<std::string> result;
        store_->list("", [&](const ObjectInfo& object) { result.insert(object.key); });
        return result;
    }

    TemporaryDirectory directory_;
    std::string folder_ = randomId() + "/";
    std::unique_ptr<ObjectStore> store_ = open();
};

TEST_P(DeltaTable, CommitsAreSeenByOthers) {
    DeltaLog writer(*store_);
    writer.refresh();
    EXPECT_EQ(writer.version(), -1);
    EXPECT_EQ(failureOf([&] { writer.commit(adding("a")); }), base::ErrorKind::BadArgument);
    EXPECT_EQ(writer.commit(creation()), 0);
    DeltaCommit second = adding("a");
    second.transactions = {{"app", 7}};
    EXPECT_EQ(writer.commit(second), 1);
    DeltaLog reader(*store_);
    reader.refresh();
    EXPECT_EQ(reader.version(), 1);
    EXPECT_EQ(reader.metadata()->partitionColumns, std::vector<std::string>{"day"});
    EXPECT_TRUE(reader.files().contains("a"));
    EXPECT_EQ(reader.transaction("app"), 7);
    EXPECT_EQ(reader.transaction("other"), -1);
    EXPECT_EQ(writer.commit(removing("a", 123)), 2);
    reader.refresh();
    EXPECT_TRUE(reader.files().empty());
    EXPECT_EQ(reader.removed().at("a"), 123);
    EXPECT_TRUE(store_->stat("_delta_log/00000000000000000002.json").has_value());
}

TEST_P(DeltaTable, WhoComesLateTriesTheNextVersion) {
    DeltaLog first(*store_);
    first.commit(creation());
    DeltaLog second(*store_);
    second.refresh();
    first.commit(adding("a"));
    EXPECT_EQ(second.commit(adding("b")), 2);
    EXPECT_EQ(second.files().size(), 2U);
    // What no longer fits is refused and leaves nothing.
    DeltaLog third(*store_);
    third.refresh();
    first.refresh();
    first.commit(removing("a", 1));
    for (const DeltaCommit& late : {removing("a", 2), adding("b"), creation()})
        EXPECT_EQ(failureOf([&] { third.commit(late); }), base::ErrorKind::BadArgument);
    first.refresh();
    EXPECT_EQ(first.version(), 3);
}

TEST_P(DeltaTable, ManyWritersLoseNothing) {
    DeltaLog(*store_).commit(creation());
    constexpr int kWriters = 3;
    constexpr int kCommits = 6;
    {
        std::vector<std::jthread> writers;
        for (int writer = 0; writer < kWriters; ++writer) {
            writers.emplace_back([this, writer] {
                const auto store = open();
                DeltaLog log(*store);
                for (int commit = 0; commit < kCommits; ++commit)
                    log.commit(adding(std::to_string(writer) + "-" + std::to_string(commit)));
            });
        }
    }
    DeltaLog log(*store_);
    log.refresh();
    EXPECT_EQ(log.version(), kWriters * kCommits);
    EXPECT_EQ(log.files().size(), static_cast<size_t>(kWriters * kCommits));
}

TEST_P(DeltaTable, LogsThatCannotBeReadWholeAreRefused) {
    DeltaLog log(*store_);
    log.commit(creation());
    log.commit(adding("a"));
    log.commit(adding("b"));
    store_->remove("_delta_log/00000000000000000001.json");
    DeltaLog gap(*store_);
    EXPECT_EQ(failureOf([&] { gap.refresh(); }), base::ErrorKind::CorruptData);
    store_->remove("_delta_log/00000000000000000000.json");
    DeltaLog cleaned(*store_);
    EXPECT_EQ(failureOf([&] { cleaned.refresh(); }), base::ErrorKind::Unsupported);
    store_->remove("_delta_log/00000000000000000002.json");
    store_->put("_delta_log/00000000000000000002.checkpoint.parquet", BytesContent("x"));
    DeltaLog checkpoint(*store_);
    EXPECT_EQ(failureOf([&] { checkpoint.refresh(); }), base::ErrorKind::Unsupported);
}

TEST_P(DeltaTable, TablesWithRulesForWritersAreRefused) {
    DeltaCommit appendOnly = creation();
    appendOnly.metadata->configuration["delta.appendOnly"] = "true";
    DeltaLog log(*store_);
    log.commit(appendOnly);
    log.commit(adding("a"));
    EXPECT_EQ(failureOf([&] { log.commit(removing("a", 1)); }), base::ErrorKind::Unsupported);
    const auto other = openStoreUnderTest(GetParam(), directory_, randomId() + "/");
    DeltaCommit invariants = creation();
    invariants.metadata->schema =
        R"({"type":"struct","fields":[{"name":"a","type":"long","nullable":true,)"
        R"("metadata":{"delta.invariants":"{}"}}]})";
    DeltaLog constrained(*other);
    constrained.commit(invariants);
    EXPECT_EQ(failureOf([&] { constrained.commit(adding("a")); }), base::ErrorKind::Unsupported);
}

TEST_P(DeltaTable, VacuumRemovesWhatNobodyNeeds) {
    const auto nowMicros = std::chrono::duration_cast<std::chrono::microseconds>(
                               std::chrono::system_clock::now().time_since_epoch())
                               .count();
    DeltaLog log(*store_);
    EXPECT_EQ(failureOf([&] {
                  vacuum(*store_, log, {nowMicros, 0});
              }),
              base::ErrorKind::BadArgument);
    log.commit(creation());
    for (const char* key : {"live", "day=1/dropped", "day=1/recently", "orphan", "kept"})
        store_->put(key, BytesContent("12345"));
    const std::string unfinished = unfinishedKey("day=1/x");
    const std::string unfinishedLog = unfinishedKey("_delta_log/x");
    store_->put(unfinished, BytesContent("12345"));
    store_->put(unfinishedLog, BytesContent("12345"));
    store_->put("_delta_log/_last_checkpoint", BytesContent("{}"));
    for (const char* key : {"live", "day=1/dropped", "day=1/recently"})
        log.commit(adding(key));
    // As seen from ten seconds ahead, so that every object is older than the grace period.
    const int64_t later = nowMicros + 10000000;
    log.commit(removing("day=1/dropped", 1000));
    log.commit(removing("day=1/recently", later / 1000));
    const std::set<std::string> before = keys();
    // Young objects stay.
    EXPECT_EQ(vacuum(*store_, log, {nowMicros, 3600000000}).removed, 0U);
    EXPECT_EQ(keys(), before);
    VacuumOptions options{later, 1000000};
    options.keep = [](const std::string& key) { return key == "kept"; };
    const VacuumResult result = vacuum(*store_, log, options);
    EXPECT_EQ(result.removed, 4U);
    EXPECT_EQ(result.removedBytes, 20U);
    std::set<std::string> expected = before;
    for (const std::string& key :
         {std::string("day=1/dropped"), std::string("orphan"), unfinished, unfinishedLog})
        expected.erase(key);
    EXPECT_EQ(keys(), expected);
    EXPECT_EQ(failureOf([&] { vacuum(*store_, log, {later, -1}); }), base::ErrorKind::BadArgument);
}

INSTANTIATE_TEST_SUITE_P(Stores, DeltaTable, testing::ValuesIn(storesUnderTest()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace footfall::archive
