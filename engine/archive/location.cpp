#include "engine/archive/location.h"

#include "engine/archive/local_store.h"
#include "engine/archive/s3_store.h"
#include "engine/archive/uri.h"
#include "engine/archive/webhdfs_store.h"
#include "engine/base/error.h"

namespace footfall::archive {
namespace {

struct Location {
    StoreKind kind = StoreKind::Local;
    std::string directory;    // local
    S3Location s3;            // s3
    WebHdfsLocation webHdfs;  // hdfs
};

// An endpoint's URL, of which nothing may follow the host but a slash.
Endpoint bareEndpoint(const std::string& url) {
    std::string rest;
    Endpoint endpoint = parseEndpoint(url, &rest);
    if (!rest.empty() && rest != "/")
        base::throwBadArgument("an endpoint is a scheme, a host and a port, nothing more");
    return endpoint;
}

std::string withoutSlashes(std::string text) {
    while (text.ends_with('/'))
        text.pop_back();
    return text;
}

Location parseS3(const ArchiveOptions& options) {
    Location result;
    result.kind = StoreKind::S3;
    const std::string rest = options.location.substr(5);
    const size_t slash = rest.find('/');
    result.s3.bucket = rest.substr(0, slash);
    if (slash != std::string::npos)
        result.s3.prefix = withoutSlashes(rest.substr(slash + 1));
    if (result.s3.bucket.empty())
        base::throwBadArgument("the location of an archive in S3 is s3://bucket/prefix");
    if (!result.s3.prefix.empty()) {
        result.s3.prefix += '/';
        checkPrefix(result.s3.prefix);
    }
    result.s3.region = options.region.empty() ? "us-east-1" : options.region;
    result.s3.endpoint =
        bareEndpoint(options.endpoint.empty() ? "https://s3." + result.s3.region + ".amazonaws.com"
                                              : options.endpoint);
    return result;
}

Location parseHdfs(const ArchiveOptions& options) {
    Location result;
    result.kind = StoreKind::Hdfs;
    const std::string rest = options.location.substr(7);
    const size_t slash = rest.find('/');
    const std::string authority = rest.substr(0, slash);
    if (authority.empty())
        base::throwBadArgument("the location of an archive in HDFS is hdfs://host:port/path");
    result.webHdfs.endpoint =
        bareEndpoint(options.endpoint.empty() ? "http://" + authority : options.endpoint);
    if (slash != std::string::npos)
        result.webHdfs.path = withoutSlashes(rest.substr(slash));
    if (!result.webHdfs.path.empty())
        checkKey(std::string_view(result.webHdfs.path).substr(1));
    if (!options.region.empty())
        base::throwBadArgument("an archive in HDFS has no region");
    return result;
}

Location parse(const ArchiveOptions& options) {
    const std::string& location = options.location;
    if (location.find('\0') != std::string::npos)
        base::throwBadArgument("the location of an archive is invalid");
    if (location.starts_with("s3://"))
        return parseS3(options);
    if (location.starts_with("hdfs://"))
        return parseHdfs(options);
    if (location.starts_with("file:///")) {
        Location result;
        result.directory = location.substr(7);
        if (!options.endpoint.empty() || !options.region.empty())
            base::throwBadArgument("an archive on local files has no endpoint and no region");
        return result;
    }
    throw base::Error(base::ErrorKind::BadArgument, "the location of an archive is invalid")
        .withHint("It is s3://bucket/prefix, hdfs://host:port/path or file:///path.");
}

}  // namespace

StoreKind checkOptions(const ArchiveOptions& options) {
    return parse(options).kind;
}

std::unique_ptr<ObjectStore> openStore(const ArchiveOptions& options, const std::string& folder,
                                       const ArchiveCredentials& credentials,
                                       const NetworkPolicy& policy, const Patience& patience) {
    Location location = parse(options);
    checkPrefix(folder);
    const bool s3Secrets = !credentials.accessKey.empty() || !credentials.secretKey.empty() ||
                           !credentials.sessionToken.empty();
    const bool hdfsSecrets = !credentials.user.empty() || !credentials.delegationToken.empty();
    if ((s3Secrets && location.kind != StoreKind::S3) ||
        (hdfsSecrets && location.kind != StoreKind::Hdfs)) {
        base::throwBadArgument("the user mapping's credentials are for another kind of archive");
    }
    switch (location.kind) {
        case StoreKind::S3:
            location.s3.prefix += folder;
            return std::make_unique<S3Store>(
                std::move(location.s3),
                S3Credentials{credentials.accessKey, credentials.secretKey,
                              credentials.sessionToken},
                policy, patience);
        case StoreKind::Hdfs:
            if (!folder.empty())
                location.webHdfs.path += "/" + withoutSlashes(folder);
            return std::make_unique<WebHdfsStore>(
                std::move(location.webHdfs),
                WebHdfsCredentials{credentials.user, credentials.delegationToken}, policy,
                patience);
        case StoreKind::Local:
            break;
    }
    return std::make_unique<LocalStore>(location.directory, folder, patience);
}

}  // namespace footfall::archive
