// One HTTP request at a time over libcurl.
//
// What makes it fit for a server process: no request runs longer than Patience::poll allows
// without asking; libcurl's helper threads (name resolution) start with every signal blocked; no
// proxy, password file or redirect is taken from anywhere; certificates are verified; the policy is
// asked for the host and for every address. Errors name the method, the host and what `shown` says,
// never the URL, a header or the body.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/archive/network_policy.h"
#include "engine/archive/object_store.h"
#include "engine/archive/patience.h"
#include "engine/archive/uri.h"

namespace footfall::archive {

struct HttpRequest {
    std::string method;
    Endpoint endpoint;
    std::string target;  // encoded path and query, from the first slash on
    std::string shown;   // the object, for errors
    std::vector<std::string> headers;
    // What is sent: `bodySize` bytes of `body` from `bodyOffset` on. PUT and POST without a body
    // say that its length is 0.
    const Content* body = nullptr;
    uint64_t bodyOffset = 0;
    uint64_t bodySize = 0;
    // Where the body of a 200 or 206 goes: more than fits is an error. When empty, it goes, as that
    // of every other status, to HttpResponse::text, up to `maxText` bytes.
    std::span<std::byte> into;
    size_t maxText = size_t{1} << 20;
};

struct HttpResponse {
    int status = 0;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string text;
    size_t filled = 0;  // bytes of HttpRequest::into

    const std::string& header(const std::string& name) const;  // empty when missing
};

class HttpClient {
  public:
    HttpClient(NetworkPolicy policy, Patience patience);
    ~HttpClient();

    // Any complete answer is returned, whatever its status. Throws TransientError when there is
    // none, BadArgument when the policy forbids the host.
    HttpResponse send(const HttpRequest& request);
    const Patience& patience() const { return patience_; }

    // The same errors everywhere for statuses that are nobody's success: TransientError for those
    // that may pass, else Io. `code` is the store's own name for what happened, shown when it is a
    // plain word.
    [[noreturn]] static void throwStatus(const HttpRequest& request, const HttpResponse& response,
                                         const std::string& code);

  private:
    class Connection;
    NetworkPolicy policy_;
    Patience patience_;
    std::unique_ptr<Connection> connection_;
};

}  // namespace footfall::archive
