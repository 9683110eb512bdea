// Objects as files of HDFS, by WebHDFS.
//
// HDFS shows a file while it is written, so an object is written to an unfinished file beside it
// and renamed, which the NameNode does atomically: over what is there (put), or only where nothing
// is (putIfAbsent). Data goes to and comes from the DataNodes the NameNode redirects to; the policy
// must allow them too.
#pragma once

#include "engine/archive/http_client.h"
#include "engine/archive/object_store.h"

namespace footfall::archive {

struct WebHdfsLocation {
    Endpoint endpoint;  // the NameNode's HTTP address
    std::string path;   // absolute, without a slash at the end; "" is the root
};

struct WebHdfsCredentials {
    std::string user;             // simple authentication
    std::string delegationToken;  // instead of it; a secret
};

class WebHdfsStore final : public ObjectStore {
  public:
    WebHdfsStore(WebHdfsLocation location, WebHdfsCredentials credentials, NetworkPolicy policy,
                 Patience patience);

    void put(const std::string& key, const Content& content) override;
    PutResult putIfAbsent(const std::string& key, std::string_view content) override;
    void read(const std::string& key, uint64_t offset, std::span<std::byte> into) override;
    std::optional<ObjectInfo> stat(const std::string& key) override;
    void list(const std::string& prefix,
              const std::function<void(const ObjectInfo&)>& visit) override;
    void remove(const std::string& key) override;
    std::string shown(std::string_view key) const override;

  private:
    std::string pathOf(std::string_view key) const;
    HttpRequest request(const char* method, std::string_view key,
                        const std::string& operation) const;
    // The request at the DataNode that `response` redirects to.
    static HttpRequest redirected(const HttpRequest& request, const HttpResponse& response);
    void create(const std::string& key, const Content& content);
    void listDirectory(const std::string& prefix,
                       const std::function<void(const ObjectInfo&)>& visit, unsigned depth);

    WebHdfsLocation location_;
    WebHdfsCredentials credentials_;
    HttpClient http_;
};

}  // namespace footfall::archive
