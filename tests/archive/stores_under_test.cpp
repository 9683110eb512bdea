#include "tests/archive/stores_under_test.h"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace footfall::archive {

TemporaryDirectory::TemporaryDirectory() {
    std::string pattern = std::filesystem::temp_directory_path() / "footfall-archive-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("no temporary directory");
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> storesUnderTest() {
    std::vector<std::string> kinds = {"local"};
    if (std::getenv("FOOTFALL_TEST_S3") != nullptr)
        kinds.emplace_back("s3");
    if (std::getenv("FOOTFALL_TEST_HDFS") != nullptr)
        kinds.emplace_back("hdfs");
    return kinds;
}

std::unique_ptr<ObjectStore> openStoreUnderTest(const std::string& kind,
                                                const TemporaryDirectory& directory,
                                                const std::string& folder) {
    ArchiveOptions options;
    ArchiveCredentials credentials;
    if (kind == "s3") {
        options = {"s3://footfall/tests", std::getenv("FOOTFALL_TEST_S3"), ""};
        credentials.accessKey = "footfalltest";
        credentials.secretKey = "footfalltest";
    } else if (kind == "hdfs") {
        options.location =
            std::string("hdfs://") + std::getenv("FOOTFALL_TEST_HDFS") + "/footfall/tests";
        credentials.user = "footfall";
    } else {
        options.location = "file://" + directory.path();
    }
    return openStore(options, folder, credentials, NetworkPolicy("127.0.0.1, localhost"),
                     shortPatience());
}

Patience shortPatience() {
    Patience patience;
    patience.connectSeconds = 2;
    patience.stallSeconds = 5;
    patience.attempts = 4;
    patience.firstPauseMillis = 1;
    patience.longestPauseMillis = 5;
    return patience;
}

}  // namespace footfall::archive
