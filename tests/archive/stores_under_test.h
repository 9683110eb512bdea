// The stores that tests run on: a temporary directory, and what the environment names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/archive/location.h"

namespace footfall::archive {

// A directory that goes with the object.
class TemporaryDirectory {
  public:
    TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory();
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// "local", and "s3" with FOOTFALL_TEST_S3 (the endpoint's URL; bucket footfall, key and secret
// footfalltest) and "hdfs" with FOOTFALL_TEST_HDFS (host:port of the NameNode).
std::vector<std::string> storesUnderTest();

// A store whose folder nobody used before; `directory` is for the local one.
std::unique_ptr<ObjectStore> openStoreUnderTest(const std::string& kind,
                                                const TemporaryDirectory& directory,
                                                const std::string& folder);

// Patience of a test: failures come at once.
Patience shortPatience();

}  // namespace footfall::archive
