// The examples of Amazon's documentation of Signature Version 4 for S3.
#include <gtest/gtest.h>

#include "engine/archive/s3_signature.h"
#include "engine/archive/uri.h"

namespace footfall::archive {
namespace {

const S3Credentials kExample = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                ""};

std::string signatureOf(const S3Request& request, const S3Credentials& credentials = kExample) {
    const auto headers = signS3(request, credentials, "us-east-1", "20130524T000000Z");
    const std::string& authorization = headers.back();
    EXPECT_TRUE(authorization.starts_with("Authorization: AWS4-HMAC-SHA256 Credential="));
    return authorization.substr(authorization.find("Signature=") + 10);
}

S3Request example(const char* method, const char* path) {
    S3Request request;
    request.method = method;
    request.host = "examplebucket.s3.amazonaws.com";
    request.path = path;
    request.payloadHash = sha256Hex("");
    return request;
}

TEST(S3Signature, GetObject) {
    S3Request request = example("GET", "/test.txt");
    request.headers = {{"range", "bytes=0-9"}};
    EXPECT_EQ(signatureOf(request),
              "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3Signature, PutObject) {
    S3Request request = example("PUT", "/test%24file.text");
    request.headers = {{"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                       {"date", "Fri, 24 May 2013 00:00:00 GMT"}};
    request.payloadHash = sha256Hex("Welcome to Amazon S3.");
    EXPECT_EQ(signatureOf(request),
              "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(S3Signature, QueryWithoutValue) {
    S3Request request = example("GET", "/");
    request.query = {{"lifecycle", ""}};
    EXPECT_EQ(signatureOf(request),
              "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(S3Signature, QueryIsSorted) {
    S3Request request = example("GET", "/");
    request.query = {{"prefix", "J"}, {"max-keys", "2"}};
    EXPECT_EQ(signatureOf(request),
              "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Signature, SessionTokenIsSigned) {
    const S3Request request = example("GET", "/");
    S3Credentials credentials = kExample;
    credentials.sessionToken = "token";
    const auto headers = signS3(request, credentials, "us-east-1", "20130524T000000Z");
    EXPECT_NE(std::find(headers.begin(), headers.end(), "x-amz-security-token: token"),
              headers.end());
    EXPECT_NE(signatureOf(request, credentials), signatureOf(request));
}

TEST(Uri, PercentEncodingRoundTrips) {
    std::string every;
    for (int byte = 0; byte < 256; ++byte)
        every += static_cast<char>(byte);
    EXPECT_EQ(percentDecode(percentEncode(every, false)), every);
    EXPECT_EQ(percentEncode("a/b c=d~", true), "a/b%20c%3Dd~");
    EXPECT_EQ(percentEncode("a/b", false), "a%2Fb");
    for (const char* broken : {"%", "%2", "%G0", "a%0"})
        EXPECT_THROW(percentDecode(broken), std::exception) << broken;
}

TEST(Uri, Endpoints) {
    std::string rest;
    Endpoint endpoint = parseEndpoint("https://S3.Example.com", &rest);
    EXPECT_EQ(endpoint.url(), "https://s3.example.com");
    EXPECT_EQ(endpoint.port, 443);
    endpoint = parseEndpoint("http://[::1]:9000/path?x#y", &rest);
    EXPECT_EQ(endpoint.host, "::1");
    EXPECT_EQ(endpoint.url(), "http://[::1]:9000");
    EXPECT_EQ(rest, "/path?x#y");
    for (const char* broken : {"", "ftp://a", "https://", "https://user:pw@host", "https://host:0",
                               "https://host:65536", "https://host:", "https://ho st",
                               "https://host\\@evil", "https://[::1", "https://a%2e"}) {
        EXPECT_THROW(parseEndpoint(broken, &rest), std::exception) << broken;
    }
}

}  // namespace
}  // namespace footfall::archive
