#include "engine/archive/webhdfs_store.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace footfall::archive {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxListing = size_t{64} << 20;
constexpr unsigned kMaxDepth = 64;

Json parse(const HttpRequest& request, const HttpResponse& response) {
    Json document = Json::parse(response.text, nullptr, false);
    if (!document.is_object())
        base::throwCorrupt("the answer to %s \"%s\" is no JSON object", request.method.c_str(),
                           request.shown.c_str());
    return document;
}

// A member of a checked type; CorruptData when it is missing or of another.
template <class Value>
Value member(const Json& object, const char* name) {
    const auto found = object.is_object() ? object.find(name) : object.end();
    const bool right = object.is_object() && found != object.end() &&
                       (std::is_same_v<Value, std::string> ? found->is_string()
                        : std::is_same_v<Value, bool>      ? found->is_boolean()
                                                           : found->is_number_unsigned());
    if (!right)
        base::throwCorrupt("the answer of HDFS lacks \"%s\"", name);
    return found->template get<Value>();
}

std::string exceptionName(const HttpResponse& response) {
    const Json document = Json::parse(response.text, nullptr, false);
    if (!document.is_object() || !document.contains("RemoteException"))
        return "";
    const Json& remote = document["RemoteException"];
    if (!remote.is_object() || !remote.contains("exception") || !remote["exception"].is_string())
        return "";
    return remote["exception"].get<std::string>();
}

[[noreturn]] void fail(const HttpRequest& request, const HttpResponse& response) {
    const std::string name = exceptionName(response);
    // Statuses that look final, for what passes: starting up, failing over, a lease that ends.
    for (const char* passing : {"SafeModeException", "StandbyException", "RetriableException",
                                "RecoveryInProgressException", "AlreadyBeingCreatedException"}) {
        if (name == passing)
            throw TransientError(base::Error(
                base::ErrorKind::Io, "%s \"%s\" at %s: status %d (%s)", request.method.c_str(),
                request.shown.c_str(), request.endpoint.host.c_str(), response.status, passing));
    }
    if (name == "DSQuotaExceededException" || name == "NSQuotaExceededException" ||
        name == "QuotaByStorageTypeExceededException") {
        throw base::Error(base::ErrorKind::DiskFull, "%s \"%s\" at %s: quota exceeded",
                          request.method.c_str(), request.shown.c_str(),
                          request.endpoint.host.c_str());
    }
    HttpClient::throwStatus(request, response, name);
}

ObjectInfo infoOf(const Json& status, std::string key) {
    return {std::move(key), member<uint64_t>(status, "length"),
            static_cast<int64_t>(member<uint64_t>(status, "modificationTime")) * 1000};
}

}  // namespace

WebHdfsStore::WebHdfsStore(WebHdfsLocation location, WebHdfsCredentials credentials,
                           NetworkPolicy policy, Patience patience)
    : location_(std::move(location)),
      credentials_(std::move(credentials)),
      http_(std::move(policy), std::move(patience)) {
    if (!location_.path.empty()) {
        if (!location_.path.starts_with('/'))
            base::throwBadArgument("a path of HDFS begins with a slash");
        checkKey(std::string_view(location_.path).substr(1));
    }
}

std::string WebHdfsStore::pathOf(std::string_view key) const {
    if (key.empty())
        return location_.path.empty() ? "/" : location_.path;
    checkKey(key);
    return location_.path + "/" + std::string(key);
}

std::string WebHdfsStore::shown(std::string_view key) const {
    return "hdfs://" + location_.endpoint.authority() + location_.path + "/" + std::string(key);
}

HttpRequest WebHdfsStore::request(const char* method, std::string_view key,
                                  const std::string& operation) const {
    HttpRequest result;
    result.method = method;
    result.endpoint = location_.endpoint;
    result.target = "/webhdfs/v1" + percentEncode(pathOf(key), true) + "?op=" + operation;
    if (!credentials_.delegationToken.empty()) {
        result.target += "&delegation=" + percentEncode(credentials_.delegationToken, false);
    } else if (!credentials_.user.empty()) {
        result.target += "&user.name=" + percentEncode(credentials_.user, false);
    }
    result.shown = shown(key);
    return result;
}

HttpRequest WebHdfsStore::redirected(const HttpRequest& request, const HttpResponse& response) {
    HttpRequest result = request;
    try {
        result.endpoint = parseEndpoint(response.header("location"), &result.target);
    } catch (const base::Error&) {
        // What was wrong with it would show the address, and the address may hold a token.
        base::throwCorrupt("HDFS redirected %s \"%s\" to an invalid address",
                           request.method.c_str(), request.shown.c_str());
    }
    if (!result.target.starts_with('/'))
        base::throwCorrupt("HDFS redirected %s \"%s\" to an invalid address",
                           request.method.c_str(), request.shown.c_str());
    // A token must not travel in the clear because of an answer.
    if (request.endpoint.secure && !result.endpoint.secure)
        throw base::Error(base::ErrorKind::Io, "HDFS redirected %s \"%s\" from https to http",
                          request.method.c_str(), request.shown.c_str());
    return result;
}

void WebHdfsStore::create(const std::string& key, const Content& content) {
    http_.patience().retry([&](unsigned) {
        const HttpRequest asked = request("PUT", key, "CREATE&overwrite=true&permission=600");
        const HttpResponse answer = http_.send(asked);
        if (answer.status != 307)
            fail(asked, answer);
        HttpRequest sent = redirected(asked, answer);
        sent.headers.emplace_back("Content-Type: application/octet-stream");
        sent.body = &content;
        sent.bodySize = content.size();
        const HttpResponse response = http_.send(sent);
        if (response.status != 201)
            fail(sent, response);
    });
    // What a broken pipeline acknowledged.
    const std::optional<ObjectInfo> written = stat(key);
    if (!written || written->size != content.size())
        throw base::Error(base::ErrorKind::Io, "file \"%s\" is not as long as what was written",
                          shown(key).c_str());
}

void WebHdfsStore::put(const std::string& key, const Content& content) {
    checkKey(key);
    const std::string unfinished = unfinishedKey(key);
    create(unfinished, content);
    const std::string operation =
        "RENAME&renameoptions=OVERWRITE&destination=" + percentEncode(pathOf(key), false);
    http_.patience().retry([&](unsigned) {
        const HttpRequest sent = request("PUT", unfinished, operation);
        const HttpResponse response = http_.send(sent);
        if (response.status == 200)
            return;
        // An earlier success whose answer was lost: of ours, or of libcurl's, which repeats what it
        // sent on a connection that had ended.
        if (response.status == 404 && !stat(unfinished)) {
            const std::optional<ObjectInfo> info = stat(key);
            if (info && info->size == content.size())
                return;
        }
        fail(sent, response);
    });
}

PutResult WebHdfsStore::putIfAbsent(const std::string& key, std::string_view content) {
    checkKey(key);
    const std::string unfinished = unfinishedKey(key);
    create(unfinished, BytesContent(content));
    const std::string operation = "RENAME&destination=" + percentEncode(pathOf(key), false);
    const bool renamed = http_.patience().retry([&](unsigned) {
        const HttpRequest sent = request("PUT", unfinished, operation);
        const HttpResponse response = http_.send(sent);
        if (response.status != 200)
            fail(sent, response);
        return member<bool>(parse(sent, response), "boolean");
    });
    if (renamed)
        return PutResult::Written;
    remove(unfinished);
    return compareWithExisting(key, content);
}

void WebHdfsStore::read(const std::string& key, uint64_t offset, std::span<std::byte> into) {
    checkKey(key);
    if (into.empty())
        return;
    const std::string operation =
        "OPEN&offset=" + std::to_string(offset) + "&length=" + std::to_string(into.size());
    http_.patience().retry([&](unsigned) {
        const HttpRequest asked = request("GET", key, operation);
        const HttpResponse answer = http_.send(asked);
        // An offset beyond the end.
        const std::string name = answer.status == 307 ? "" : exceptionName(answer);
        if (answer.status != 307 && name != "EOFException" && name != "IOException")
            fail(asked, answer);
        if (answer.status != 307) {
            const std::optional<ObjectInfo> info = stat(key);
            if (info && info->size >= offset + into.size())
                fail(asked, answer);
            base::throwCorrupt("file \"%s\" is shorter than it was when it was written",
                               asked.shown.c_str());
        }
        HttpRequest sent = redirected(asked, answer);
        sent.into = into;
        const HttpResponse response = http_.send(sent);
        if (response.status != 200)
            fail(sent, response);
        if (response.filled != into.size())
            base::throwCorrupt("file \"%s\" is shorter than it was when it was written",
                               asked.shown.c_str());
    });
}

std::optional<ObjectInfo> WebHdfsStore::stat(const std::string& key) {
    checkKey(key);
    return http_.patience().retry([&](unsigned) -> std::optional<ObjectInfo> {
        const HttpRequest sent = request("GET", key, "GETFILESTATUS");
        const HttpResponse response = http_.send(sent);
        if (response.status == 404)
            return std::nullopt;
        if (response.status != 200)
            fail(sent, response);
        const Json document = parse(sent, response);
        const auto status = document.find("FileStatus");
        if (status == document.end())
            base::throwCorrupt("the answer of HDFS lacks \"FileStatus\"");
        if (member<std::string>(*status, "type") != "FILE")
            return std::nullopt;
        return infoOf(*status, key);
    });
}

void WebHdfsStore::list(const std::string& prefix,
                        const std::function<void(const ObjectInfo&)>& visit) {
    checkPrefix(prefix);
    listDirectory(prefix, visit, 0);
}

void WebHdfsStore::listDirectory(const std::string& prefix,
                                 const std::function<void(const ObjectInfo&)>& visit,
                                 unsigned depth) {
    if (depth > kMaxDepth)
        base::throwUnsupported("the directories of the archive \"%s\" are nested too deeply",
                               shown("").c_str());
    const std::string directory = prefix.empty() ? "" : prefix.substr(0, prefix.size() - 1);
    const Json document = http_.patience().retry([&](unsigned) {
        HttpRequest sent = request("GET", directory, "LISTSTATUS");
        sent.maxText = kMaxListing;
        const HttpResponse response = http_.send(sent);
        if (response.status == 404)
            return Json();
        if (response.status != 200)
            fail(sent, response);
        return parse(sent, response);
    });
    if (document.is_null())
        return;
    const auto outer = document.find("FileStatuses");
    const bool listed = outer != document.end() && outer->is_object() &&
                        outer->contains("FileStatus") && (*outer)["FileStatus"].is_array();
    if (!listed)
        base::throwCorrupt("the answer of HDFS lacks \"FileStatuses\"");
    for (const Json& status : (*outer)["FileStatus"]) {
        const auto name = member<std::string>(status, "pathSuffix");
        checkKey(name);
        const auto type = member<std::string>(status, "type");
        if (type == "DIRECTORY") {
            listDirectory(prefix + name + "/", visit, depth + 1);
        } else if (type == "FILE") {
            visit(infoOf(status, prefix + name));
        }
    }
}

void WebHdfsStore::remove(const std::string& key) {
    checkKey(key);
    http_.patience().retry([&](unsigned) {
        const HttpRequest sent = request("DELETE", key, "DELETE");
        const HttpResponse response = http_.send(sent);
        if (response.status != 200 && response.status != 404)
            fail(sent, response);
    });
}

}  // namespace footfall::archive
