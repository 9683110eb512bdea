// A local file as the one object of a store that can only be read: a spooled copy of an archived
// file is read like the file.
#pragma once

#include "engine/archive/object_store.h"
#include "engine/archive/patience.h"

namespace footfall::archive {

class DescriptorStore final : public ObjectStore {
  public:
    // The caller keeps the descriptor open. `shown` is the file's name in errors.
    DescriptorStore(int descriptor, std::string shown, Patience patience)
        : content_(descriptor), shown_(std::move(shown)), patience_(std::move(patience)) {}

    uint64_t size() const { return content_.size(); }

    void put(const std::string& key, const Content& content) override;
    PutResult putIfAbsent(const std::string& key, std::string_view content) override;
    void read(const std::string& key, uint64_t offset, std::span<std::byte> into) override;
    std::optional<ObjectInfo> stat(const std::string& key) override;
    void list(const std::string& prefix,
              const std::function<void(const ObjectInfo&)>& visit) override;
    void remove(const std::string& key) override;
    std::string shown(std::string_view key) const override;

  private:
    [[noreturn]] void refuse() const;

    FileContent content_;
    std::string shown_;
    Patience patience_;
};

}  // namespace footfall::archive
