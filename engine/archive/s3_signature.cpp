#include "engine/archive/s3_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "engine/archive/uri.h"
#include "engine/base/error.h"

namespace footfall::archive {
namespace {

constexpr size_t kHashBytes = 32;

std::string hex(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char byte : bytes) {
        text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
        text += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
    }
    return text;
}

std::string hmac(std::string_view key, std::string_view text) {
    std::array<unsigned char, kHashBytes> digest;
    unsigned size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
             &size) == nullptr ||
        size != digest.size()) {
        throw base::Error(base::ErrorKind::Io, "libcrypto could not compute an HMAC");
    }
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

std::string sha256Hex(std::string_view bytes) {
    std::array<unsigned char, kHashBytes> digest;
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 ||
        size != digest.size()) {
        throw base::Error(base::ErrorKind::Io, "libcrypto could not compute a SHA-256");
    }
    return hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string canonicalQuery(const std::vector<std::pair<std::string, std::string>>& query) {
    std::vector<std::pair<std::string, std::string>> encoded;
    encoded.reserve(query.size());
    for (const auto& [name, value] : query)
        encoded.emplace_back(percentEncode(name, false), percentEncode(value, false));
    std::sort(encoded.begin(), encoded.end());
    std::string result;
    for (const auto& [name, value] : encoded) {
        if (!result.empty())
            result += '&';
        result += name;
        result += '=';
        result += value;
    }
    return result;
}

std::vector<std::string> signS3(const S3Request& request, const S3Credentials& credentials,
                                std::string_view region, std::string_view time) {
    std::vector<std::pair<std::string, std::string>> headers = request.headers;
    headers.emplace_back("host", request.host);
    headers.emplace_back("x-amz-content-sha256", request.payloadHash);
    headers.emplace_back("x-amz-date", time);
    if (!credentials.sessionToken.empty())
        headers.emplace_back("x-amz-security-token", credentials.sessionToken);
    std::sort(headers.begin(), headers.end());

    std::string canonical = request.method + "\n" + request.path + "\n";
    canonical += canonicalQuery(request.query) + "\n";
    std::string names;
    for (const auto& [name, value] : headers) {
        canonical += name;
        canonical += ':';
        canonical += value;
        canonical += '\n';
        if (!names.empty())
            names += ';';
        names += name;
    }
    canonical += "\n" + names + "\n" + request.payloadHash;

    const std::string date(time.substr(0, 8));
    const std::string scope = date + "/" + std::string(region) + "/s3/aws4_request";
    const std::string toSign =
        "AWS4-HMAC-SHA256\n" + std::string(time) + "\n" + scope + "\n" + sha256Hex(canonical);
    std::string key = hmac("AWS4" + credentials.secretKey, date);
    key = hmac(key, region);
    key = hmac(key, "s3");
    key = hmac(key, "aws4_request");

    std::vector<std::string> result;
    for (const auto& [name, value] : headers) {
        if (name != "host")
            result.push_back(name + ": " + value);
    }
    result.push_back("Authorization: AWS4-HMAC-SHA256 Credential=" + credentials.accessKey + "/" +
                     scope + ", SignedHeaders=" + names + ", Signature=" + hex(hmac(key, toSign)));
    return result;
}

}  // namespace footfall::archive
