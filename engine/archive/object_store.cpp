#include "engine/archive/object_store.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "engine/base/error.h"

namespace footfall::archive {
namespace {

constexpr size_t kMaxKey = 1024;  // S3's limit
constexpr size_t kMaxPart = 255;  // a file system's

}  // namespace

void BytesContent::read(uint64_t offset, std::span<std::byte> into) const {
    if (offset > bytes_.size() || into.size() > bytes_.size() - offset)
        base::throwBadArgument("a range outside the content was asked for");
    if (!into.empty())
        std::memcpy(into.data(), bytes_.data() + offset, into.size());
}

FileContent::FileContent(int descriptor) : descriptor_(descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        throw base::Error(base::ErrorKind::Io, "could not stat a spooled file: %s",
                          strerrordesc_np(errno));
    size_ = static_cast<uint64_t>(status.st_size);
}

void FileContent::read(uint64_t offset, std::span<std::byte> into) const {
    while (!into.empty()) {
        const ssize_t got =
            pread(descriptor_, into.data(), into.size(), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throw base::Error(base::ErrorKind::Io, "could not read a spooled file: %s",
                              strerrordesc_np(errno));
        if (got == 0)
            base::throwCorrupt("a spooled file became shorter while it was read");
        into = into.subspan(static_cast<size_t>(got));
        offset += static_cast<uint64_t>(got);
    }
}

std::optional<std::string> ObjectStore::readText(const std::string& key, uint64_t limit) {
    const std::optional<ObjectInfo> info = stat(key);
    if (!info)
        return std::nullopt;
    if (info->size > limit) {
        base::throwUnsupported("object \"%s\" has %llu bytes, more than the %llu that are read",
                               shown(key).c_str(), static_cast<unsigned long long>(info->size),
                               static_cast<unsigned long long>(limit));
    }
    std::string text(info->size, '\0');
    read(key, 0, std::as_writable_bytes(std::span(text)));
    return text;
}

PutResult ObjectStore::compareWithExisting(const std::string& key, std::string_view content) {
    const std::optional<ObjectInfo> info = stat(key);
    if (!info)
        throw base::Error(base::ErrorKind::Io,
                          "the store says that \"%s\" exists, and does not have it",
                          shown(key).c_str());
    // Somebody else's object may be of any size: it is read only where it can be ours.
    if (info->size != content.size())
        return PutResult::Exists;
    std::string there(content.size(), '\0');
    read(key, 0, std::as_writable_bytes(std::span(there)));
    return there == content ? PutResult::Written : PutResult::Exists;
}

bool isUnfinished(std::string_view key) {
    const size_t slash = key.rfind('/');
    return key.substr(slash == std::string_view::npos ? 0 : slash + 1).starts_with(kUnfinished);
}

uint64_t ObjectStore::removeUnfinished(const std::string& at, int64_t beforeMicros) {
    // They lie beside their object; their names do not tell whose they are.
    const size_t slash = at.rfind('/');
    std::vector<std::string> keys;
    list(at.substr(0, slash == std::string::npos ? 0 : slash + 1), [&](const ObjectInfo& object) {
        if (isUnfinished(object.key) && object.modifiedMicros < beforeMicros)
            keys.push_back(object.key);
    });
    for (const std::string& key : keys)
        remove(key);
    return keys.size();
}

std::string unfinishedKey(std::string_view key) {
    const size_t slash = key.rfind('/');
    std::string result(key.substr(0, slash == std::string_view::npos ? 0 : slash + 1));
    result += kUnfinished;
    result += randomId();
    return result;
}

void checkKey(std::string_view key) {
    const auto refuse = [&](const char* why) {
        base::throwBadArgument("invalid object key \"%.*s\": %s", static_cast<int>(key.size()),
                               key.data(), why);
    };
    if (key.empty())
        base::throwBadArgument("an object key must not be empty");
    if (key.size() > kMaxKey)
        base::throwBadArgument("an object key must not be longer than %zu bytes", kMaxKey);
    for (const char byte : key) {
        if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f)
            base::throwBadArgument("an object key must not hold control characters");
    }
    while (true) {
        const size_t slash = key.find('/');
        const std::string_view part = key.substr(0, slash);
        if (part.empty() || part == "." || part == "..")
            refuse("no part between slashes may be empty, \".\" or \"..\"");
        if (part.size() > kMaxPart)
            refuse("a part between slashes is longer than 255 bytes");
        if (slash == std::string_view::npos)
            return;
        key.remove_prefix(slash + 1);
    }
}

void checkPrefix(std::string_view prefix) {
    if (prefix.empty())
        return;
    if (!prefix.ends_with('/'))
        base::throwBadArgument("a prefix of object keys ends in a slash");
    checkKey(prefix.substr(0, prefix.size() - 1));
}

std::string randomId() {
    std::array<unsigned char, 16> bytes;
    size_t filled = 0;
    while (filled < bytes.size()) {
        const ssize_t got = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
        if (got < 0 && errno != EINTR)
            throw base::Error(base::ErrorKind::Io, "could not get random bytes: %s",
                              strerrordesc_np(errno));
        if (got > 0)
            filled += static_cast<size_t>(got);
    }
    std::string text;
    for (const unsigned char byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

}  // namespace footfall::archive
