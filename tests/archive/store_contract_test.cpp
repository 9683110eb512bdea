// What object_store.h promises, for each store.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <thread>

#include "engine/base/error.h"
#include "tests/archive/stores_under_test.h"

namespace footfall::archive {
namespace {

class StoreContract : public testing::TestWithParam<std::string> {
  protected:
    std::unique_ptr<ObjectStore> open() {
        return openStoreUnderTest(GetParam(), directory_, folder_);
    }
    static std::map<std::string, uint64_t> listed(ObjectStore& store, const std::string& prefix) {
        std::map<std::string, uint64_t> result;
        store.list(prefix, [&](const ObjectInfo& object) {
            EXPECT_TRUE(result.emplace(object.key, object.size).second) << object.key;
        });
        return result;
    }
    static std::string pattern(size_t size) {
        std::string text(size, '\0');
        for (size_t at = 0; at < size; ++at)
            text[at] = static_cast<char>(at * 2654435761U >> 13);
        return text;
    }

    TemporaryDirectory directory_;
    std::string folder_ = randomId() + "/";
    std::unique_ptr<ObjectStore> store_ = open();
};

TEST_P(StoreContract, PutReplacesAndReadsAnyRange) {
    const std::string key = "day=2026-11-21/part 1+%25&?=.parquet";
    EXPECT_FALSE(store_->stat(key));
    store_->put(key, BytesContent("first, and longer"));
    const std::string second = pattern(100000);
    store_->put(key, BytesContent(second));
    const auto info = store_->stat(key);
    ASSERT_TRUE(info.has_value());
    EXPECT_EQ(info->size, second.size());
    EXPECT_EQ(store_->readText(key, 100000), second);
    for (const auto& [offset, size] : {std::pair{0, 1}, {0, 0}, {99999, 1}, {12345, 54321}}) {
        std::string part(static_cast<size_t>(size), 'x');
        store_->read(key, static_cast<uint64_t>(offset), std::as_writable_bytes(std::span(part)));
        EXPECT_EQ(part, second.substr(static_cast<size_t>(offset), static_cast<size_t>(size)));
    }
}

TEST_P(StoreContract, ReadingBeyondTheEndIsDamage) {
    store_->put("short", BytesContent("0123456789"));
    for (const auto& [offset, size] : {std::pair{5, 6}, {10, 1}, {1000, 10}}) {
        std::string part(static_cast<size_t>(size), 'x');
        try {
            store_->read("short", static_cast<uint64_t>(offset),
                         std::as_writable_bytes(std::span(part)));
            FAIL() << offset << " " << size;
        } catch (const base::Error& error) {
            EXPECT_EQ(error.kind(), base::ErrorKind::CorruptData) << error.what();
        }
    }
    std::string part(1, 'x');
    EXPECT_THROW(store_->read("missing", 0, std::as_writable_bytes(std::span(part))), base::Error);
    EXPECT_THROW(store_->readText("short", 9), base::Error);
}

TEST_P(StoreContract, EmptyObjects) {
    store_->put("empty", BytesContent(""));
    EXPECT_EQ(store_->readText("empty", 0), "");
    EXPECT_EQ(listed(*store_, ""), (std::map<std::string, uint64_t>{{"empty", 0}}));
}

TEST_P(StoreContract, PutIfAbsentKeepsTheFirst) {
    EXPECT_EQ(store_->putIfAbsent("_delta_log/0.json", "first"), PutResult::Written);
    EXPECT_EQ(store_->putIfAbsent("_delta_log/0.json", "other"), PutResult::Exists);
    EXPECT_EQ(store_->putIfAbsent("_delta_log/0.json", "first"), PutResult::Written);
    EXPECT_EQ(store_->readText("_delta_log/0.json", 100), "first");
    EXPECT_EQ(listed(*store_, ""), (std::map<std::string, uint64_t>{{"_delta_log/0.json", 5}}));
}

TEST_P(StoreContract, OfManyWritersOneWins) {
    constexpr unsigned kWriters = 4;
    constexpr unsigned kObjects = 10;
    std::vector<std::vector<bool>> won(kWriters, std::vector<bool>(kObjects));
    {
        std::vector<std::jthread> writers;
        for (unsigned writer = 0; writer < kWriters; ++writer) {
            writers.emplace_back([&, writer] {
                const auto store = open();
                for (unsigned object = 0; object < kObjects; ++object) {
                    won[writer][object] = store->putIfAbsent("race/" + std::to_string(object),
                                                             "writer " + std::to_string(writer)) ==
                                          PutResult::Written;
                }
            });
        }
    }
    for (unsigned object = 0; object < kObjects; ++object) {
        unsigned winners = 0;
        for (unsigned writer = 0; writer < kWriters; ++writer) {
            if (won[writer][object]) {
                ++winners;
                EXPECT_EQ(store_->readText("race/" + std::to_string(object), 100),
                          "writer " + std::to_string(writer));
            }
        }
        EXPECT_EQ(winners, 1U) << object;
    }
    EXPECT_EQ(listed(*store_, "race/").size(), kObjects);
}

TEST_P(StoreContract, ListsWhatIsBelowAPrefix) {
    EXPECT_TRUE(listed(*store_, "").empty());
    EXPECT_TRUE(listed(*store_, "no/such/").empty());
    store_->put("a/b/one", BytesContent("1"));
    store_->put("a/b/two&<>", BytesContent("22"));
    store_->put("a/bee", BytesContent("333"));
    store_->put("top", BytesContent("4444"));
    EXPECT_EQ(listed(*store_, ""),
              (std::map<std::string, uint64_t>{
                  {"a/b/one", 1}, {"a/b/two&<>", 2}, {"a/bee", 3}, {"top", 4}}));
    EXPECT_EQ(listed(*store_, "a/b/"),
              (std::map<std::string, uint64_t>{{"a/b/one", 1}, {"a/b/two&<>", 2}}));
}

TEST_P(StoreContract, RemovesAlsoWhatIsNotThere) {
    store_->put("a/b", BytesContent("1"));
    store_->remove("a/b");
    store_->remove("a/b");
    store_->remove("never/there");
    EXPECT_FALSE(store_->stat("a/b"));
    EXPECT_TRUE(listed(*store_, "").empty());
}

TEST_P(StoreContract, FilesLargerThanAPart) {
    const std::string text = pattern((size_t{37} << 20) + 12345);
    const std::string path = directory_.path() + "/spool";
    std::ofstream(path, std::ios::binary) << text;
    const int descriptor = ::open(path.c_str(), O_RDONLY);
    ASSERT_GE(descriptor, 0);
    store_->put("large.parquet", FileContent(descriptor));
    close(descriptor);
    EXPECT_EQ(store_->readText("large.parquet", UINT32_MAX), text);
    EXPECT_EQ(listed(*store_, "").size(), 1U);
}

TEST_P(StoreContract, AFullSpoolOrLostSourceLeavesNoObject) {
    class Broken final : public Content {
      public:
        uint64_t size() const override { return size_t{20} << 20; }
        void read(uint64_t offset, std::span<std::byte> into) const override {
            if (offset + into.size() > (size_t{18} << 20))
                throw base::Error(base::ErrorKind::Io, "the source broke");
            std::fill(into.begin(), into.end(), std::byte{'x'});
        }
    };
    store_->put("kept", BytesContent("before"));
    for (const char* key : {"kept", "fresh"}) {
        try {
            store_->put(key, Broken());
            FAIL();
        } catch (const base::Error& error) {
            EXPECT_STREQ(error.what(), "the source broke");
        }
    }
    EXPECT_EQ(store_->readText("kept", 100), "before");
    EXPECT_FALSE(store_->stat("fresh"));
}

TEST_P(StoreContract, RefusesKeysThatLeadElsewhere) {
    for (const char* key : {"", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a\nb"}) {
        EXPECT_THROW(store_->put(key, BytesContent("1")), base::Error) << key;
        EXPECT_THROW(store_->stat(key), base::Error) << key;
        EXPECT_THROW(store_->remove(key), base::Error) << key;
    }
    EXPECT_THROW(store_->list("a", [](const ObjectInfo&) {}), base::Error);
    EXPECT_THROW(store_->list("../", [](const ObjectInfo&) {}), base::Error);
}

TEST_P(StoreContract, TimesAreTheStoresOwnClock) {
    store_->put("now", BytesContent("1"));
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    EXPECT_NEAR(static_cast<double>(store_->stat("now")->modifiedMicros), static_cast<double>(now),
                5e6);
    store_->list("", [&](const ObjectInfo& object) {
        EXPECT_NEAR(static_cast<double>(object.modifiedMicros), static_cast<double>(now), 5e6);
    });
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, testing::ValuesIn(storesUnderTest()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace footfall::archive
