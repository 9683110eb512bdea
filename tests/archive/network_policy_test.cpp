#include "engine/archive/network_policy.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "engine/archive/location.h"
#include "engine/base/error.h"
#include "tests/archive/stores_under_test.h"

namespace footfall::archive {
namespace {

using Match = NetworkPolicy::Match;

bool allows(Match match, const char* text) {
    sockaddr_in v4 = {};
    v4.sin_family = AF_INET;
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return NetworkPolicy::allowsAddress(match, reinterpret_cast<sockaddr&>(v4), sizeof(v4));
    sockaddr_in6 v6 = {};
    v6.sin6_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text, &v6.sin6_addr), 1) << text;
    return NetworkPolicy::allowsAddress(match, reinterpret_cast<sockaddr&>(v6), sizeof(v6));
}

TEST(NetworkPolicyTest, MatchesHosts) {
    const NetworkPolicy policy("s3.example.com:9000, *.amazonaws.com:443 ,[::1],Minio");
    EXPECT_EQ(policy.match("s3.example.com", 9000), Match::Exact);
    EXPECT_EQ(policy.match("s3.example.com", 443), Match::None);
    EXPECT_EQ(policy.match("s3.eu.amazonaws.com", 443), Match::Pattern);
    EXPECT_EQ(policy.match("s3.eu.amazonaws.com", 80), Match::None);
    EXPECT_EQ(policy.match("amazonaws.com", 443), Match::None);
    EXPECT_EQ(policy.match("evilamazonaws.com", 443), Match::None);
    EXPECT_EQ(policy.match("::1", 1), Match::Exact);
    EXPECT_EQ(policy.match("minio", 80), Match::Exact);
    EXPECT_EQ(NetworkPolicy("").match("anything", 443), Match::None);
    EXPECT_EQ(NetworkPolicy("*").match("anything", 443), Match::Pattern);
    for (const char* broken : {"a,,b", "host:0", "host:x", "host:70000", "*x.com", "*.", "a*b",
                               "http://host", "user@host", "[::1", "a b"}) {
        EXPECT_THROW(NetworkPolicy{broken}, base::Error) << broken;
    }
}

TEST(NetworkPolicyTest, Addresses) {
    for (const char* never :
         {"169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1", "::", "ff02::1",
          "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fd00:ec2::254"}) {
        EXPECT_FALSE(allows(Match::Exact, never)) << never;
        EXPECT_FALSE(allows(Match::Pattern, never)) << never;
    }
    for (const char* close :
         {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.100.100.200",
          "::1", "fd12::1", "::ffff:127.0.0.1"}) {
        EXPECT_TRUE(allows(Match::Exact, close)) << close;
        EXPECT_FALSE(allows(Match::Pattern, close)) << close;
    }
    for (const char* far : {"52.95.110.1", "172.32.0.1", "2600:1f00::1"}) {
        EXPECT_TRUE(allows(Match::Exact, far)) << far;
        EXPECT_TRUE(allows(Match::Pattern, far)) << far;
        EXPECT_FALSE(allows(Match::None, far)) << far;
    }
    sockaddr local = {};
    local.sa_family = AF_UNIX;
    EXPECT_FALSE(NetworkPolicy::allowsAddress(Match::Exact, local, sizeof(local)));
}

TEST(NetworkPolicyTest, NothingIsSentToAHostThatIsNotAllowed) {
    ArchiveCredentials credentials;
    credentials.accessKey = credentials.secretKey = "key";
    const ArchiveOptions options = {"s3://bucket", "http://localhost:1", ""};
    const auto attempt = [&](const char* allowed) {
        try {
            openStore(options, "", credentials, NetworkPolicy(allowed), shortPatience())->stat("x");
        } catch (const base::Error& error) {
            return error.kind();
        }
        return base::ErrorKind::Internal;
    };
    EXPECT_EQ(attempt("example.com"), base::ErrorKind::BadArgument);
    // The name matches a pattern, but resolves to the loopback.
    EXPECT_EQ(attempt("*"), base::ErrorKind::BadArgument);
    EXPECT_EQ(attempt("localhost"), base::ErrorKind::Io);
}

TEST(Location, OptionsAreChecked) {
    EXPECT_EQ(checkOptions({"s3://bucket/a/b/", "", ""}), StoreKind::S3);
    EXPECT_EQ(checkOptions({"s3://bucket", "http://minio:9000/", "eu-central-1"}), StoreKind::S3);
    EXPECT_EQ(checkOptions({"hdfs://namenode:9870/lake", "", ""}), StoreKind::Hdfs);
    EXPECT_EQ(checkOptions({"hdfs://namenode:9870", "https://gateway:8443", ""}), StoreKind::Hdfs);
    EXPECT_EQ(checkOptions({"file:///srv/lake", "", ""}), StoreKind::Local);
    for (const ArchiveOptions& broken : {ArchiveOptions{"", "", ""},
                                         {"s3://", "", ""},
                                         {"s3://bucket/../x", "", ""},
                                         {"s3://bucket", "minio:9000", ""},
                                         {"s3://bucket", "http://minio/path", ""},
                                         {"s3://bucket", "http://u:p@minio", ""},
                                         {"hdfs:///path", "", ""},
                                         {"hdfs://h:1/a/../b", "", ""},
                                         {"hdfs://h:1/a", "", "region"},
                                         {"file://host/x", "", ""},
                                         {"file:///x", "http://minio", ""},
                                         {"gopher://x", "", ""}}) {
        EXPECT_THROW(checkOptions(broken), base::Error) << broken.location;
    }
}

TEST(Location, CredentialsBelongToTheKindOfStore) {
    const TemporaryDirectory directory;
    const NetworkPolicy policy("");
    ArchiveCredentials credentials;
    credentials.secretKey = "secret";
    EXPECT_THROW(
        openStore({"file://" + directory.path(), "", ""}, "", credentials, policy, Patience()),
        base::Error);
    EXPECT_THROW(openStore({"s3://bucket", "", ""}, "", {}, policy, Patience()), base::Error);
    EXPECT_THROW(openStore({"file:///no/such/directory", "", ""}, "", {}, policy, Patience()),
                 base::Error);
}

}  // namespace
}  // namespace footfall::archive
