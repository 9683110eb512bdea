// Stores that answer badly: what may pass is tried again, what is lost is found, nothing is taken
// twice, and no error shows a secret.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>

#include "engine/archive/location.h"
#include "engine/archive/xml_elements.h"
#include "engine/base/error.h"
#include "tests/archive/scripted_server.h"
#include "tests/archive/stores_under_test.h"

namespace footfall::archive {
namespace {

constexpr const char* kSecret = "hush-hush/secret+key";
constexpr const char* kToken = "hush-hush-session-token";

std::unique_ptr<ObjectStore> openS3(const ScriptedServer& server, Patience patience) {
    ArchiveCredentials credentials;
    credentials.accessKey = "hush-hush-access";
    credentials.secretKey = kSecret;
    credentials.sessionToken = kToken;
    return openStore({"s3://bucket/prefix", server.url(), ""}, "", credentials,
                     NetworkPolicy("127.0.0.1"), patience);
}

std::unique_ptr<ObjectStore> openHdfs(const ScriptedServer& server) {
    ArchiveCredentials credentials;
    credentials.delegationToken = kToken;
    return openStore({"hdfs://127.0.0.1:" + std::to_string(server.port()) + "/lake", "", ""}, "",
                     credentials, NetworkPolicy("127.0.0.1"), shortPatience());
}

// The error that `body` ends in; no text of it may show a planted secret.
template <class Body>
base::Error failureOf(Body&& body) {
    try {
        body();
    } catch (const base::Error& error) {
        for (const char* shown : {error.what(), error.detail(), error.hint()})
            EXPECT_EQ(std::string(shown).find("hush"), std::string::npos) << shown;
        return error;
    }
    ADD_FAILURE() << "no error";
    return {base::ErrorKind::Internal, "none"};
}

ScriptedReply xmlError(int status, const std::string& code) {
    ScriptedReply reply;
    reply.status = status;
    reply.body = "<?xml version=\"1.0\"?><Error><Code>" + code +
                 "</Code><Message>hush-hush: AWSAccessKeyId</Message></Error>";
    return reply;
}

TEST(HttpFaults, WhatMayPassIsTriedAgain) {
    std::atomic<int> asked = 0;
    ScriptedServer server([&](const ScriptedRequest&) {
        switch (asked++) {
            case 0:
                return xmlError(503, "SlowDown");
            case 1:
                return xmlError(500, "InternalError");
            case 2: {
                ScriptedReply reply;
                reply.silent = true;
                return reply;
            }
            default:
                return ScriptedReply{};
        }
    });
    openS3(server, shortPatience())->put("key", BytesContent("content"));
    EXPECT_EQ(asked, 4);
    EXPECT_EQ(server.requests().back().body, "content");
}

TEST(HttpFaults, WhatLastsIsAnErrorAfterAllAttempts) {
    ScriptedServer server([](const ScriptedRequest&) { return xmlError(503, "SlowDown"); });
    const base::Error error =
        failureOf([&] { openS3(server, shortPatience())->put("key", BytesContent("content")); });
    EXPECT_EQ(error.kind(), base::ErrorKind::Io);
    EXPECT_NE(std::string(error.what()).find("503 (SlowDown)"), std::string::npos) << error.what();
    EXPECT_EQ(server.requests().size(), shortPatience().attempts);
}

TEST(HttpFaults, WhatIsForbiddenIsNotTriedAgain) {
    ScriptedServer server(
        [](const ScriptedRequest&) { return xmlError(403, "SignatureDoesNotMatch"); });
    const base::Error error =
        failureOf([&] { openS3(server, shortPatience())->put("key", BytesContent("content")); });
    EXPECT_EQ(error.kind(), base::ErrorKind::Io);
    EXPECT_NE(std::string(error.hint()), "");
    EXPECT_EQ(server.requests().size(), 1U);
    // A code that is no plain word is not shown.
    ScriptedServer talkative(
        [](const ScriptedRequest&) { return xmlError(403, "hush-hush leaked"); });
    failureOf([&] { openS3(talkative, shortPatience())->remove("key"); });
}

TEST(HttpFaults, SuccessWhoseAnswerWasLost) {
    std::mutex mutex;
    std::string stored;
    ScriptedServer server([&](const ScriptedRequest& request) {
        const std::lock_guard lock(mutex);
        ScriptedReply reply;
        if (request.method == "PUT") {
            EXPECT_EQ(request.headers.at("if-none-match"), "*");
            if (!stored.empty())
                return xmlError(412, "PreconditionFailed");
            stored = request.body;
            reply.silent = true;
            return reply;
        }
        reply.status = request.headers.contains("range") ? 206 : 200;
        reply.body = stored;
        reply.headers["Content-Length"] = std::to_string(stored.size());
        reply.headers["Content-Range"] =
            "bytes 0-" + std::to_string(stored.size() - 1) + "/" + std::to_string(stored.size());
        reply.headers["Last-Modified"] = "Sat, 21 Nov 2026 15:04:05 GMT";
        return reply;
    });
    const auto store = openS3(server, shortPatience());
    EXPECT_EQ(store->putIfAbsent("key", "mine"), PutResult::Written);
    EXPECT_EQ(store->putIfAbsent("key", "other"), PutResult::Exists);
    EXPECT_EQ(store->stat("key")->modifiedMicros, 1795273445000000);
}

TEST(HttpFaults, TruncatedAndAlteredAnswers) {
    std::atomic<int> asked = 0;
    const std::string content(1000, 'c');
    ScriptedServer server([&](const ScriptedRequest&) {
        ScriptedReply reply;
        reply.status = 206;
        reply.body = content;
        reply.headers["Content-Range"] = "bytes 0-999/1000";
        if (asked++ < 2)
            reply.sentBytes = 500;
        return reply;
    });
    std::string read(1000, 'x');
    openS3(server, shortPatience())->read("key", 0, std::as_writable_bytes(std::span(read)));
    EXPECT_EQ(read, content);
    EXPECT_EQ(asked, 3);
    // Another range than was asked for, fewer bytes, more bytes.
    read.assign(10, 'x');
    const auto answering = [&](int status, const char* range, size_t size) {
        ScriptedServer wrong([=](const ScriptedRequest&) {
            ScriptedReply reply;
            reply.status = status;
            reply.body = std::string(size, 'w');
            reply.headers["Content-Range"] = range;
            return reply;
        });
        return failureOf([&] {
                   openS3(wrong, shortPatience())
                       ->read("key", 5, std::as_writable_bytes(std::span(read)));
               })
            .kind();
    };
    EXPECT_EQ(answering(206, "bytes 6-15/100", 10), base::ErrorKind::CorruptData);
    EXPECT_EQ(answering(206, "bytes 5-10/11", 6), base::ErrorKind::CorruptData);
    EXPECT_EQ(answering(206, "bytes 5-14/100", 11), base::ErrorKind::CorruptData);
    EXPECT_EQ(answering(200, "", 10), base::ErrorKind::Io);
    EXPECT_EQ(answering(416, "bytes */3", 0), base::ErrorKind::CorruptData);
}

TEST(HttpFaults, ASilentStoreTimesOut) {
    ScriptedServer server([](const ScriptedRequest&) {
        ScriptedReply reply;
        reply.stalled = true;
        return reply;
    });
    Patience patience = shortPatience();
    patience.stallSeconds = 1;
    patience.attempts = 2;
    const base::Error error = failureOf([&] { openS3(server, patience)->stat("key"); });
    EXPECT_EQ(error.kind(), base::ErrorKind::Io);
    EXPECT_EQ(server.requests().size(), 2U);
}

TEST(HttpFaults, WaitingCanBeInterrupted) {
    struct Interrupted : std::exception {};
    const auto interruptedAfter = [](auto&& serverReply) {
        ScriptedServer server(serverReply);
        Patience patience = shortPatience();
        patience.firstPauseMillis = patience.longestPauseMillis = 60000;
        const auto started = std::chrono::steady_clock::now();
        patience.poll = [started] {
            if (std::chrono::steady_clock::now() - started > std::chrono::milliseconds(300))
                throw Interrupted();
        };
        const auto store = openS3(server, patience);
        EXPECT_THROW(store->stat("key"), Interrupted);
        EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(4));
    };
    interruptedAfter([](const ScriptedRequest&) {
        ScriptedReply reply;
        reply.stalled = true;
        return reply;
    });
    interruptedAfter([](const ScriptedRequest&) { return xmlError(503, "SlowDown"); });
}

TEST(HttpFaults, AFailedUploadIsAborted) {
    ScriptedServer server([](const ScriptedRequest& request) {
        ScriptedReply reply;
        if (request.method == "POST") {
            reply.body =
                "<InitiateMultipartUploadResult><UploadId>up/1</UploadId>"
                "</InitiateMultipartUploadResult>";
        } else if (request.method == "PUT") {
            return xmlError(403, "AccessDenied");
        } else {
            reply.status = 204;
        }
        return reply;
    });
    const std::string large(size_t{17} << 20, 'l');
    failureOf([&] { openS3(server, shortPatience())->put("key", BytesContent(large)); });
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 3U);
    EXPECT_EQ(requests[2].method, "DELETE");
    EXPECT_EQ(requests[2].target, "/bucket/prefix/key?uploadId=up%2F1");
}

// A store that takes an upload in parts and then has an object of so many bytes; `complete` answers
// the request that ends it.
template <class Complete>
ScriptedReply answerUpload(const ScriptedRequest& request, size_t bytes, Complete&& complete) {
    ScriptedReply reply;
    if (request.method == "HEAD") {
        reply.headers["Content-Length"] = std::to_string(bytes);
        reply.headers["Last-Modified"] = "Sat, 21 Nov 2026 15:04:05 GMT";
    } else if (request.method == "PUT") {
        reply.headers["ETag"] = "\"tag\"";
    } else if (request.target.ends_with("uploads=")) {
        reply.body =
            "<InitiateMultipartUploadResult><UploadId>1</UploadId>"
            "</InitiateMultipartUploadResult>";
    } else {
        return complete();
    }
    return reply;
}

TEST(HttpFaults, CompletingAnUploadLateFailsOrWasDone) {
    std::atomic<int> completions = 0;
    const std::string large(size_t{17} << 20, 'l');
    ScriptedServer server([&](const ScriptedRequest& request) {
        return answerUpload(request, large.size(), [&] {
            switch (completions++) {
                case 0:  // the status was sent before it failed
                    return xmlError(200, "InternalError");
                case 1: {  // done, the answer lost
                    ScriptedReply none;
                    none.silent = true;
                    return none;
                }
                default:
                    return xmlError(404, "NoSuchUpload");
            }
        });
    });
    openS3(server, shortPatience())->put("key", BytesContent(large));
    EXPECT_EQ(completions, 3);
}

// libcurl sends a request again by itself when a connection that it kept ends without a byte, so
// what the store has done may show in the answer to a first attempt.
TEST(HttpFaults, ARepetitionThatNobodySeesFindsTheUploadCompleted) {
    const std::string large(size_t{17} << 20, 'l');
    std::atomic<size_t> there = large.size();
    ScriptedServer server([&](const ScriptedRequest& request) {
        return answerUpload(request, there, [] { return xmlError(404, "NoSuchUpload"); });
    });
    openS3(server, shortPatience())->put("key", BytesContent(large));
    // Somebody has ended the upload, and the object is another one.
    there = 5;
    failureOf([&] { openS3(server, shortPatience())->put("key", BytesContent(large)); });
}

TEST(HttpFaults, ListingsAreReadToTheirEnd) {
    ScriptedServer server([](const ScriptedRequest& request) {
        ScriptedReply reply;
        const bool second = request.target.find("continuation-token=t%3D1") != std::string::npos;
        reply.body = "<ListBucketResult><IsTruncated>" + std::string(second ? "false" : "true") +
                     "</IsTruncated>" +
                     (second ? "" : "<NextContinuationToken>t=1</NextContinuationToken>") +
                     "<Contents><Key>prefix/" + (second ? "b" : "a&amp;&#xe4;") +
                     "</Key><LastModified>2026-11-21T15:04:05.000Z</LastModified><Size>7</Size>"
                     "</Contents></ListBucketResult>";
        return reply;
    });
    std::vector<std::string> keys;
    openS3(server, shortPatience())->list("", [&](const ObjectInfo& object) {
        keys.push_back(object.key);
        EXPECT_EQ(object.size, 7U);
        EXPECT_EQ(object.modifiedMicros, 1795273445000000);
    });
    EXPECT_EQ(keys, (std::vector<std::string>{"a&\u00e4", "b"}));
}

TEST(HttpFaults, NonsenseIsDamage) {
    for (const char* body : {"", "{}", "<a>", "<a></b>", "</a>", "<a/><b/>", "<!DOCTYPE x><a/>",
                             "<a>&unknown;</a>", "<a>&#0;</a>", "<a>&#xd800;</a>",
                             "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
                             "<r><Contents><Key>other/x</Key></Contents></r>",
                             "<r><Contents><Key>prefix/x</Key><Size>-1</Size></Contents></r>"}) {
        ScriptedServer server([body](const ScriptedRequest&) {
            ScriptedReply reply;
            reply.body = body;
            return reply;
        });
        EXPECT_EQ(failureOf([&] {
                      openS3(server, shortPatience())->list("", [](const ObjectInfo&) {});
                  }).kind(),
                  base::ErrorKind::CorruptData)
            << body;
    }
    std::string deep;
    for (int level = 0; level < 20; ++level)
        deep += "<a>";
    EXPECT_THROW(forEachElement(deep, [](const auto&, const auto&) {}), base::Error);
}

TEST(HttpFaults, RedirectsOfS3AreNotFollowed) {
    ScriptedServer server([](const ScriptedRequest&) {
        ScriptedReply reply;
        reply.status = 307;
        reply.headers["Location"] = "http://127.0.0.1:1/elsewhere";
        return reply;
    });
    EXPECT_EQ(failureOf([&] { openS3(server, shortPatience())->stat("key"); }).kind(),
              base::ErrorKind::Io);
    EXPECT_EQ(server.requests().size(), 1U);
}

TEST(HttpFaults, HdfsRedirectsGoWhereThePolicyAllows) {
    for (const char* target : {"http://169.254.169.254/latest", "http://example.com/x", "nonsense",
                               "file:///etc/passwd", ""}) {
        ScriptedServer server([target](const ScriptedRequest&) {
            ScriptedReply reply;
            reply.status = 307;
            reply.headers["Location"] = target;
            return reply;
        });
        failureOf([&] { openHdfs(server)->put("key", BytesContent("content")); });
        for (const ScriptedRequest& request : server.requests()) {
            EXPECT_NE(request.target.find("op=CREATE"), std::string::npos);
            EXPECT_EQ(request.body, "");
        }
    }
}

TEST(HttpFaults, HdfsRenameWhoseAnswerWasLost) {
    std::atomic<int> renames = 0;
    uint16_t port = 0;
    ScriptedServer server([&](const ScriptedRequest& request) {
        ScriptedReply reply;
        if (request.target.find("op=CREATE") != std::string::npos) {
            reply.status = 307;
            reply.headers["Location"] = "http://127.0.0.1:" + std::to_string(port) + "/data/write";
        } else if (request.target == "/data/write") {
            reply.status = 201;
        } else if (request.target == "/data/read") {
            reply.body = "mine";
        } else if (request.target.find("op=OPEN") != std::string::npos) {
            reply.status = 307;
            reply.headers["Location"] = "http://127.0.0.1:" + std::to_string(port) + "/data/read";
        } else if (request.target.find("op=RENAME") != std::string::npos) {
            reply.silent = renames++ == 0;
            reply.body = R"({"boolean":false})";
        } else if (request.target.find("op=GETFILESTATUS") != std::string::npos) {
            reply.body = R"({"FileStatus":{"type":"FILE","length":4,"modificationTime":5}})";
        }
        return reply;
    });
    port = server.port();
    EXPECT_EQ(openHdfs(server)->putIfAbsent("key", "mine"), PutResult::Written);
    EXPECT_EQ(renames, 2);
    EXPECT_EQ(openHdfs(server)->putIfAbsent("key", "hers"), PutResult::Exists);
}

TEST(HttpFaults, ARepetitionThatNobodySeesFindsTheFileRenamed) {
    uint16_t port = 0;
    std::atomic<int> written = 0;
    std::atomic<int> there = 4;
    ScriptedServer server([&](const ScriptedRequest& request) {
        const auto asks = [&](const char* what) {
            return request.target.find(what) != std::string::npos;
        };
        ScriptedReply reply;
        if (asks("op=CREATE")) {
            reply.status = 307;
            reply.headers["Location"] = "http://127.0.0.1:" + std::to_string(port) + "/data/write";
        } else if (request.target == "/data/write") {
            written =
                2;  // the unfinished file is asked for twice: after it was written, and renamed
            reply.status = 201;
        } else if (asks("op=GETFILESTATUS") && (!asks("_unfinished-") || --written > 0)) {
            const int length = asks("_unfinished-") ? 4 : there.load();
            reply.body = R"({"FileStatus":{"type":"FILE","modificationTime":5,"length":)" +
                         std::to_string(length) + "}}";
        } else {
            reply.status = 404;
            reply.body = R"({"RemoteException":{"exception":"FileNotFoundException"}})";
        }
        return reply;
    });
    port = server.port();
    openHdfs(server)->put("key", BytesContent("mine"));
    there = 5;
    failureOf([&] { openHdfs(server)->put("key", BytesContent("mine")); });
}

TEST(HttpFaults, HdfsQuotaIsDiskFullAndSafeModePasses) {
    const auto remote = [](const char* name) {
        ScriptedReply reply;
        reply.status = 403;
        reply.body = std::string(R"({"RemoteException":{"exception":")") + name +
                     R"(","message":"hush-hush"}})";
        return reply;
    };
    ScriptedServer full([&](const ScriptedRequest&) { return remote("DSQuotaExceededException"); });
    EXPECT_EQ(failureOf([&] { openHdfs(full)->put("key", BytesContent("c")); }).kind(),
              base::ErrorKind::DiskFull);
    ScriptedServer starting([&](const ScriptedRequest&) { return remote("SafeModeException"); });
    failureOf([&] { openHdfs(starting)->stat("key"); });
    EXPECT_EQ(starting.requests().size(), shortPatience().attempts);
}

}  // namespace
}  // namespace footfall::archive
