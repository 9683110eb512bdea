// Objects in a bucket of S3, or of anything that speaks its protocol.
//
// Addressed by path (endpoint/bucket/key). Every body is hashed and the hash is signed, so what
// arrives is what was sent. Objects above kPartBytes go up in parts; an upload that fails is
// aborted, one whose writer died is a bucket's lifecycle rule to remove, it is no object.
// putIfAbsent needs conditional writes (If-None-Match), which S3 has had since August 2024.
#pragma once

#include <vector>

#include "engine/archive/http_client.h"
#include "engine/archive/object_store.h"
#include "engine/archive/s3_signature.h"

namespace footfall::archive {

struct S3Location {
    Endpoint endpoint;
    std::string region;
    std::string bucket;
    std::string prefix;  // empty or ends in a slash
};

class S3Store final : public ObjectStore {
  public:
    static constexpr size_t kPartBytes = size_t{16} << 20;

    // Throws BadArgument for what cannot be a bucket, region or credential.
    S3Store(S3Location location, S3Credentials credentials, NetworkPolicy policy,
            Patience patience);

    void put(const std::string& key, const Content& content) override;
    PutResult putIfAbsent(const std::string& key, std::string_view content) override;
    void read(const std::string& key, uint64_t offset, std::span<std::byte> into) override;
    std::optional<ObjectInfo> stat(const std::string& key) override;
    void list(const std::string& prefix,
              const std::function<void(const ObjectInfo&)>& visit) override;
    void remove(const std::string& key) override;
    uint64_t removeUnfinished(const std::string& at, int64_t beforeMicros) override;
    std::string shown(std::string_view key) const override;

  private:
    using Query = std::vector<std::pair<std::string, std::string>>;

    // A signed request for `key` ("" is the bucket itself) with `body`, which must stay.
    HttpRequest request(const char* method, std::string_view key, const Query& query,
                        std::string_view body, std::vector<std::string> headers = {}) const;
    void putInParts(const std::string& key, const Content& content);
    void completeUpload(const std::string& key, const std::string& upload,
                        const std::vector<std::string>& tags, uint64_t size);

    S3Location location_;
    S3Credentials credentials_;
    HttpClient http_;
};

}  // namespace footfall::archive
