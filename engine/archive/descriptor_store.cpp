#include "engine/archive/descriptor_store.h"

#include "engine/base/error.h"

namespace footfall::archive {

void DescriptorStore::refuse() const {
    base::throwUnsupported("\"%s\" is a file that is only read", shown_.c_str());
}

void DescriptorStore::put(const std::string&, const Content&) {
    refuse();
}

PutResult DescriptorStore::putIfAbsent(const std::string&, std::string_view) {
    refuse();
}

void DescriptorStore::read(const std::string&, uint64_t offset, std::span<std::byte> into) {
    patience_.poll();
    if (offset > content_.size() || into.size() > content_.size() - offset)
        base::throwCorrupt("\"%s\" is shorter than it should be", shown_.c_str());
    content_.read(offset, into);
}

std::optional<ObjectInfo> DescriptorStore::stat(const std::string& key) {
    return ObjectInfo{key, content_.size(), 0};
}

void DescriptorStore::list(const std::string&, const std::function<void(const ObjectInfo&)>&) {
    refuse();
}

void DescriptorStore::remove(const std::string&) {
    refuse();
}

std::string DescriptorStore::shown(std::string_view) const {
    return shown_;
}

}  // namespace footfall::archive
