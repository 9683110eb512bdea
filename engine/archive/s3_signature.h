// AWS Signature Version 4: proves knowledge of the secret key without sending it.
//
// Done here rather than by libcurl, whose versions differ in which characters of a path and query
// they encode before signing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace footfall::archive {

struct S3Credentials {
    std::string accessKey;
    std::string secretKey;
    std::string sessionToken;  // may be empty
};

std::string sha256Hex(std::string_view bytes);

struct S3Request {
    std::string method;
    std::string host;  // as the Host header says it
    std::string path;  // encoded
    // Not encoded, in any order.
    std::vector<std::pair<std::string, std::string>> query;
    std::string payloadHash;  // sha256Hex of the body
    // Other headers to be signed, names in lower case.
    std::vector<std::pair<std::string, std::string>> headers;
};

// The query as it must be sent: encoded and sorted.
std::string canonicalQuery(const std::vector<std::pair<std::string, std::string>>& query);

// The headers that make `request` authentic ("name: value"), request.headers included; `time` is
// "YYYYMMDDThhmmssZ".
std::vector<std::string> signS3(const S3Request& request, const S3Credentials& credentials,
                                std::string_view region, std::string_view time);

}  // namespace footfall::archive
