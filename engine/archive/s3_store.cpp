#include "engine/archive/s3_store.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

#include "engine/archive/xml_elements.h"
#include "engine/base/error.h"

namespace footfall::archive {
namespace {

constexpr size_t kMaxListing = size_t{16} << 20;

std::string amazonTime() {
    const std::time_t now = std::time(nullptr);
    std::tm utc;
    gmtime_r(&now, &utc);
    char text[17];
    std::strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc);
    return text;
}

// "2026-11-21T15:04:05.123Z", of which the fraction may be missing.
int64_t listingTime(const std::string& text) {
    std::tm utc = {};
    const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
    if (rest == nullptr)
        base::throwCorrupt("the store's answer holds an invalid time");
    return int64_t{timegm(&utc)} * 1000000;
}

// "Sat, 21 Nov 2026 15:04:05 GMT"; the names are English in every locale.
int64_t headerTime(const std::string& text) {
    static constexpr const char* kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    std::tm utc = {};
    char month[4] = {};
    if (std::sscanf(text.c_str(), "%*3s, %d %3s %d %d:%d:%d", &utc.tm_mday, month, &utc.tm_year,
                    &utc.tm_hour, &utc.tm_min, &utc.tm_sec) != 6) {
        base::throwCorrupt("the store's answer holds an invalid time");
    }
    const size_t found = std::string_view(kMonths).find(month);
    if (found == std::string_view::npos || found % 3 != 0)
        base::throwCorrupt("the store's answer holds an invalid time");
    utc.tm_mon = static_cast<int>(found / 3);
    utc.tm_year -= 1900;
    return int64_t{timegm(&utc)} * 1000000;
}

uint64_t parseNumber(const std::string& text) {
    uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size())
        base::throwCorrupt("the store's answer holds an invalid number");
    return value;
}

// What an error's body calls itself; empty when it is no XML or says nothing.
std::string errorCode(const HttpResponse& response) {
    std::string code;
    try {
        forEachElement(response.text, [&](const auto& path, const std::string& text) {
            if (path.size() == 2 && path[0] == "Error" && path[1] == "Code")
                code = text;
        });
    } catch (const base::Error&) {
        // A proxy's HTML, or nothing: the status says enough.
        return "";
    }
    return code;
}

[[noreturn]] void fail(const HttpRequest& request, const HttpResponse& response) {
    HttpClient::throwStatus(request, response, errorCode(response));
}

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char byte) { return byte > 0x20 && byte < 0x7f; });
}

// The text of one element below the root; throws when there is none.
std::string elementText(const std::string& document, const char* root, const char* name) {
    std::string result;
    forEachElement(document, [&](const auto& path, const std::string& text) {
        if (path.size() == 2 && path[0] == root && path[1] == name)
            result = text;
    });
    if (result.empty())
        base::throwCorrupt("the store's answer lacks %s", name);
    return result;
}

std::string escaped(const std::string& text) {
    std::string result;
    for (const char byte : text) {
        if (byte == '&') {
            result += "&amp;";
        } else if (byte == '<') {
            result += "&lt;";
        } else if (byte == '>') {
            result += "&gt;";
        } else {
            result += byte;
        }
    }
    return result;
}

}  // namespace

S3Store::S3Store(S3Location location, S3Credentials credentials, NetworkPolicy policy,
                 Patience patience)
    : location_(std::move(location)),
      credentials_(std::move(credentials)),
      http_(std::move(policy), std::move(patience)) {
    const auto bucketByte = [](char byte) {
        return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_';
    };
    const std::string& bucket = location_.bucket;
    if (bucket.size() < 3 || bucket.size() > 255 || bucket.front() == '.' ||
        !std::all_of(bucket.begin(), bucket.end(), bucketByte)) {
        base::throwBadArgument(
            "the name of a bucket has 3 to 255 letters, digits, dots, "
            "underscores and dashes");
    }
    if (location_.region.empty() ||
        !std::all_of(location_.region.begin(), location_.region.end(), bucketByte)) {
        base::throwBadArgument("the region of an archive is missing or invalid");
    }
    if (credentials_.accessKey.empty() || credentials_.secretKey.empty() ||
        !printable(credentials_.accessKey) || !printable(credentials_.sessionToken)) {
        throw base::Error(base::ErrorKind::BadArgument, "credentials for S3 are missing or invalid")
            .withHint("Set them with CREATE USER MAPPING.");
    }
    checkPrefix(location_.prefix);
}

std::string S3Store::shown(std::string_view key) const {
    return "s3://" + location_.bucket + "/" + location_.prefix + std::string(key);
}

HttpRequest S3Store::request(const char* method, std::string_view key, const Query& query,
                             std::string_view body, std::vector<std::string> headers) const {
    S3Request unsignedRequest;
    unsignedRequest.method = method;
    unsignedRequest.host = location_.endpoint.authority();
    unsignedRequest.path = "/" + percentEncode(location_.bucket, false);
    if (!key.empty())
        unsignedRequest.path += "/" + percentEncode(location_.prefix + std::string(key), true);
    unsignedRequest.query = query;
    unsignedRequest.payloadHash = sha256Hex(body);
    HttpRequest result;
    result.method = method;
    result.endpoint = location_.endpoint;
    result.target = unsignedRequest.path;
    if (!query.empty())
        result.target += "?" + canonicalQuery(query);
    result.shown = shown(key);
    result.headers = signS3(unsignedRequest, credentials_, location_.region, amazonTime());
    for (std::string& header : headers)
        result.headers.push_back(std::move(header));
    result.bodySize = body.size();
    return result;
}

void S3Store::put(const std::string& key, const Content& content) {
    checkKey(key);
    if (content.size() > kPartBytes) {
        putInParts(key, content);
        return;
    }
    std::string body(content.size(), '\0');
    content.read(0, std::as_writable_bytes(std::span(body)));
    const BytesContent bytes(body);
    http_.patience().retry([&](unsigned) {
        HttpRequest sent = request("PUT", key, {}, body);
        sent.body = &bytes;
        const HttpResponse response = http_.send(sent);
        if (response.status != 200)
            fail(sent, response);
    });
}

PutResult S3Store::putIfAbsent(const std::string& key, std::string_view content) {
    checkKey(key);
    const BytesContent bytes(content);
    const bool written = http_.patience().retry([&](unsigned) {
        HttpRequest sent = request("PUT", key, {}, content, {"If-None-Match: *"});
        sent.body = &bytes;
        const HttpResponse response = http_.send(sent);
        if (response.status == 412)
            return false;
        if (response.status == 409)
            throw TransientError(base::Error(
                base::ErrorKind::Io, "PUT \"%s\": another write is under way", sent.shown.c_str()));
        if (response.status != 200)
            fail(sent, response);
        return true;
    });
    return written ? PutResult::Written : compareWithExisting(key, content);
}

void S3Store::putInParts(const std::string& key, const Content& content) {
    const Patience& patience = http_.patience();
    const std::string upload = patience.retry([&](unsigned) {
        const HttpRequest sent = request("POST", key, {{"uploads", ""}}, "");
        const HttpResponse response = http_.send(sent);
        if (response.status != 200)
            fail(sent, response);
        return elementText(response.text, "InitiateMultipartUploadResult", "UploadId");
    });
    try {
        std::vector<std::string> tags;
        std::string part;
        // S3 takes 10,000 parts at most.
        const size_t partBytes = std::max<uint64_t>(kPartBytes, content.size() / 10000 + 1);
        for (uint64_t offset = 0; offset < content.size(); offset += part.size()) {
            part.resize(std::min<uint64_t>(partBytes, content.size() - offset));
            content.read(offset, std::as_writable_bytes(std::span(part)));
            const BytesContent bytes(part);
            const Query query = {{"partNumber", std::to_string(tags.size() + 1)},
                                 {"uploadId", upload}};
            tags.push_back(patience.retry([&](unsigned) {
                HttpRequest sent = request("PUT", key, query, part);
                sent.body = &bytes;
                const HttpResponse response = http_.send(sent);
                if (response.status != 200)
                    fail(sent, response);
                if (response.header("etag").empty())
                    base::throwCorrupt("the store's answer to a part of \"%s\" lacks an ETag",
                                       sent.shown.c_str());
                return response.header("etag");
            }));
        }
        completeUpload(key, upload, tags, content.size());
    } catch (...) {
        try {
            // Once, with little patience: the failure that is already there matters more.
            http_.send(request("DELETE", key, {{"uploadId", upload}}, ""));
        } catch (const base::Error&) {
            // The bucket's lifecycle rule for incomplete uploads will see to it.
        }
        throw;
    }
}

void S3Store::completeUpload(const std::string& key, const std::string& upload,
                             const std::vector<std::string>& tags, uint64_t size) {
    std::string body = "<CompleteMultipartUpload>";
    for (size_t part = 0; part < tags.size(); ++part) {
        body += "<Part><PartNumber>" + std::to_string(part + 1) + "</PartNumber><ETag>" +
                escaped(tags[part]) + "</ETag></Part>";
    }
    body += "</CompleteMultipartUpload>";
    const BytesContent bytes(body);
    http_.patience().retry([&](unsigned) {
        HttpRequest sent = request("POST", key, {{"uploadId", upload}}, body);
        sent.body = &bytes;
        const HttpResponse response = http_.send(sent);
        const std::string code = errorCode(response);
        // An earlier success whose answer was lost ended the upload: of ours, or of libcurl's,
        // which repeats what it sent on a connection that had ended.
        if (response.status == 404 && code == "NoSuchUpload") {
            const std::optional<ObjectInfo> info = stat(key);
            if (info && info->size == size)
                return;
        }
        // S3 may find that it failed after it has sent the status.
        if (response.status == 200 && !code.empty())
            throw TransientError(base::Error(base::ErrorKind::Io,
                                             "could not complete the upload of \"%s\"",
                                             sent.shown.c_str()));
        if (response.status != 200)
            fail(sent, response);
    });
}

void S3Store::read(const std::string& key, uint64_t offset, std::span<std::byte> into) {
    checkKey(key);
    if (into.empty())
        return;
    const std::string last = std::to_string(offset + into.size() - 1);
    const std::string first = std::to_string(offset);
    http_.patience().retry([&](unsigned) {
        HttpRequest sent = request("GET", key, {}, "", {"Range: bytes=" + first + "-" + last});
        sent.into = into;
        const HttpResponse response = http_.send(sent);
        const bool whole = response.status == 200 && offset == 0;
        if (response.status == 416)
            base::throwCorrupt("object \"%s\" is shorter than it was when it was written",
                               sent.shown.c_str());
        if (response.status != 206 && !whole)
            fail(sent, response);
        const std::string expected = "bytes " + first + "-" + last + "/";
        if (response.filled != into.size() ||
            (!whole && !response.header("content-range").starts_with(expected))) {
            base::throwCorrupt("object \"%s\" is shorter than it was when it was written",
                               sent.shown.c_str());
        }
    });
}

std::optional<ObjectInfo> S3Store::stat(const std::string& key) {
    checkKey(key);
    return http_.patience().retry([&](unsigned) -> std::optional<ObjectInfo> {
        const HttpRequest sent = request("HEAD", key, {}, "");
        const HttpResponse response = http_.send(sent);
        if (response.status == 404)
            return std::nullopt;
        if (response.status != 200)
            fail(sent, response);
        return ObjectInfo{key, parseNumber(response.header("content-length")),
                          headerTime(response.header("last-modified"))};
    });
}

void S3Store::list(const std::string& prefix, const std::function<void(const ObjectInfo&)>& visit) {
    checkPrefix(prefix);
    std::string continuation;
    while (true) {
        Query query = {{"list-type", "2"}, {"prefix", location_.prefix + prefix}};
        if (!continuation.empty())
            query.emplace_back("continuation-token", continuation);
        const std::string listing = http_.patience().retry([&](unsigned) {
            HttpRequest sent = request("GET", "", query, "");
            sent.maxText = kMaxListing;
            HttpResponse response = http_.send(sent);
            if (response.status != 200)
                fail(sent, response);
            return std::move(response.text);
        });
        continuation.clear();
        bool truncated = false;
        ObjectInfo object;
        std::vector<ObjectInfo> objects;
        forEachElement(listing, [&](const auto& path, const std::string& text) {
            if (path.size() == 3 && path[1] == "Contents") {
                if (path[2] == "Key") {
                    object.key = text;
                } else if (path[2] == "Size") {
                    object.size = parseNumber(text);
                } else if (path[2] == "LastModified") {
                    object.modifiedMicros = listingTime(text);
                }
            } else if (path.size() == 2 && path[1] == "Contents") {
                objects.push_back(std::exchange(object, {}));
            } else if (path.size() == 2 && path[1] == "IsTruncated") {
                truncated = text == "true";
            } else if (path.size() == 2 && path[1] == "NextContinuationToken") {
                continuation = text;
            }
        });
        for (ObjectInfo& found : objects) {
            if (!found.key.starts_with(location_.prefix + prefix))
                base::throwCorrupt("the store listed an object outside the prefix asked for");
            found.key.erase(0, location_.prefix.size());
            // Some stores list folders as empty objects.
            if (!found.key.empty() && !found.key.ends_with('/'))
                visit(found);
        }
        if (!truncated)
            return;
        if (continuation.empty())
            base::throwCorrupt("the store's listing is truncated and does not say where to go on");
    }
}

// S3 shows no object before it is whole; what is unfinished are uploads in parts.
uint64_t S3Store::removeUnfinished(const std::string& at, int64_t beforeMicros) {
    struct Upload {
        std::string key;
        std::string id;
        int64_t began = 0;
    };
    uint64_t removed = 0;
    std::string keyMarker;
    std::string uploadMarker;
    while (true) {
        Query query = {{"uploads", ""}, {"prefix", location_.prefix + at}};
        if (!keyMarker.empty()) {
            query.emplace_back("key-marker", keyMarker);
            query.emplace_back("upload-id-marker", uploadMarker);
        }
        bool supported = true;
        const std::string listing = http_.patience().retry([&](unsigned) {
            HttpRequest sent = request("GET", "", query, "");
            sent.maxText = kMaxListing;
            HttpResponse response = http_.send(sent);
            // A store that has no such listing: its own rules see to what is unfinished.
            supported = response.status != 501;
            if (supported && response.status != 200)
                fail(sent, response);
            return std::move(response.text);
        });
        if (!supported)
            return removed;
        const std::string lastKey = std::exchange(keyMarker, "");
        const std::string lastUpload = std::exchange(uploadMarker, "");
        bool truncated = false;
        Upload upload;
        std::vector<Upload> uploads;
        forEachElement(listing, [&](const auto& path, const std::string& text) {
            if (path.size() == 3 && path[1] == "Upload") {
                if (path[2] == "Key") {
                    upload.key = text;
                } else if (path[2] == "UploadId") {
                    upload.id = text;
                } else if (path[2] == "Initiated") {
                    upload.began = listingTime(text);
                }
            } else if (path.size() == 2 && path[1] == "Upload") {
                uploads.push_back(std::exchange(upload, {}));
            } else if (path.size() == 2 && path[1] == "IsTruncated") {
                truncated = text == "true";
            } else if (path.size() == 2 && path[1] == "NextKeyMarker") {
                keyMarker = text;
            } else if (path.size() == 2 && path[1] == "NextUploadIdMarker") {
                uploadMarker = text;
            }
        });
        for (const Upload& found : uploads) {
            if (!found.key.starts_with(location_.prefix + at))
                base::throwCorrupt("the store listed an upload outside the prefix asked for");
            if (found.began >= beforeMicros)
                continue;
            http_.patience().retry([&](unsigned) {
                const HttpRequest sent =
                    request("DELETE", found.key.substr(location_.prefix.size()),
                            {{"uploadId", found.id}}, "");
                const HttpResponse response = http_.send(sent);
                if (response.status != 204 && response.status != 200 && response.status != 404)
                    fail(sent, response);
            });
            ++removed;
        }
        if (!truncated)
            return removed;
        if (keyMarker == lastKey && uploadMarker == lastUpload)
            base::throwCorrupt("the store's listing is truncated and does not say where to go on");
    }
}

void S3Store::remove(const std::string& key) {
    checkKey(key);
    http_.patience().retry([&](unsigned) {
        const HttpRequest sent = request("DELETE", key, {}, "");
        const HttpResponse response = http_.send(sent);
        if (response.status != 204 && response.status != 200 && response.status != 404)
            fail(sent, response);
    });
}

}  // namespace footfall::archive
