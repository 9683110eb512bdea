// Objects as files below a directory.
//
// An object is written to an unfinished file beside it, flushed, and renamed (put) or linked
// (putIfAbsent); then the directory is flushed. Directories are made as needed and left when they
// become empty. The root must exist: a mount point that is not mounted must not be filled.
#pragma once

#include "engine/archive/object_store.h"
#include "engine/archive/patience.h"

namespace footfall::archive {

class LocalStore final : public ObjectStore {
  public:
    // `root` is absolute; `folder` (empty, or ending in a slash) is made below it when something is
    // written. Throws BadArgument; Io when the root is not a directory.
    LocalStore(std::string root, std::string folder, Patience patience);

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
    // Makes the directories of `key` below the root, each durable.
    void makeDirectories(std::string_view key) const;
    // Writes and flushes an unfinished file beside `key`; returns its path.
    std::string writeUnfinished(const std::string& key, const Content& content) const;
    void listDirectory(const std::string& prefix,
                       const std::function<void(const ObjectInfo&)>& visit, unsigned depth) const;

    std::string root_;    // without a slash at the end
    std::string folder_;  // before each key
    Patience patience_;
};

}  // namespace footfall::archive
