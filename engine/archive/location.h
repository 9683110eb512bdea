// From what CREATE SERVER and CREATE USER MAPPING say to a store.
#pragma once

#include <memory>
#include <string>

#include "engine/archive/network_policy.h"
#include "engine/archive/object_store.h"
#include "engine/archive/patience.h"

namespace footfall::archive {

struct ArchiveOptions {
    // s3://bucket[/prefix], hdfs://host:port[/path] (the NameNode's HTTP port) or file:///path.
    std::string location;
    std::string endpoint;  // s3: http[s]://host[:port]; default Amazon's. hdfs: instead of the host
    std::string region;    // s3; default us-east-1
};

// Secrets; those of another kind of store are an error.
struct ArchiveCredentials {
    std::string accessKey;  // s3
    std::string secretKey;
    std::string sessionToken;
    std::string user;             // hdfs
    std::string delegationToken;  // hdfs
};

enum class StoreKind { Local, S3, Hdfs };

// Throws BadArgument for options that cannot be, without opening anything.
StoreKind checkOptions(const ArchiveOptions& options);

// A store whose keys begin below the location. `folder` (empty, or ending in a slash) goes on from
// there: the tables of one server have a folder each.
std::unique_ptr<ObjectStore> openStore(const ArchiveOptions& options, const std::string& folder,
                                       const ArchiveCredentials& credentials,
                                       const NetworkPolicy& policy, const Patience& patience);

}  // namespace footfall::archive
