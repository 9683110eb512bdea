#include "engine/archive/local_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "engine/base/error.h"

namespace footfall::archive {
namespace {

constexpr size_t kPiece = size_t{1} << 20;
constexpr size_t kWriteBehind = size_t{4} << 20;
constexpr unsigned kMaxDepth = 64;

[[noreturn]] void throwErrno(const char* doing, const std::string& path) {
    const int code = errno;
    const bool full = code == ENOSPC || code == EDQUOT;
    base::Error error(full ? base::ErrorKind::DiskFull : base::ErrorKind::Io,
                      "could not %s \"%s\": %s", doing, path.c_str(), strerrordesc_np(code));
    throw error;
}

class Descriptor {
  public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0)
            ::close(number_);
    }
    int number() const noexcept { return number_; }
    bool valid() const noexcept { return number_ >= 0; }
    // Some file systems tell only here that the bytes did not fit.
    bool close() noexcept {
        const int closed = ::close(number_);
        number_ = -1;
        return closed == 0;
    }

  private:
    int number_;
};

int openRetrying(const char* path, int flags) {
    int number;
    do {
        number = open(path, flags | O_CLOEXEC, 0600);
    } while (number < 0 && errno == EINTR);
    return number;
}

std::string directoryOf(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);
}

// Lets the kernel begin to write, so that the flush at the end is short: whoever commits meanwhile
// waits behind it on the same disk.
void beginWriting([[maybe_unused]] int descriptor, [[maybe_unused]] uint64_t offset,
                  [[maybe_unused]] uint64_t size) {
#ifdef SYNC_FILE_RANGE_WRITE
    // Only a hint: what it cannot do, the flush does or reports.
    (void)sync_file_range(descriptor, static_cast<off64_t>(offset), static_cast<off64_t>(size),
                          SYNC_FILE_RANGE_WRITE);
#endif
}

void flushDirectory(const std::string& path) {
    const Descriptor directory(openRetrying(path.c_str(), O_RDONLY | O_DIRECTORY));
    if (!directory.valid())
        throwErrno("open directory", path);
    // A file system that cannot flush directories says EINVAL.
    if (fsync(directory.number()) != 0 && errno != EINVAL)
        throwErrno("flush directory", path);
}

int64_t modified(const struct stat& status) {
    return int64_t{status.st_mtim.tv_sec} * 1000000 + status.st_mtim.tv_nsec / 1000;
}

// Removes a file that is not wanted any more, on every way out.
class Unlinker {
  public:
    explicit Unlinker(std::string path) : path_(std::move(path)) {}
    Unlinker(const Unlinker&) = delete;
    Unlinker& operator=(const Unlinker&) = delete;
    ~Unlinker() {
        if (!path_.empty())
            unlink(path_.c_str());
    }
    const std::string& path() const { return path_; }
    void release() { path_.clear(); }

  private:
    std::string path_;
};

}  // namespace

LocalStore::LocalStore(std::string root, std::string folder, Patience patience)
    : root_(std::move(root)), folder_(std::move(folder)), patience_(std::move(patience)) {
    if (!root_.starts_with('/') || root_.find('\0') != std::string::npos)
        base::throwBadArgument("the directory of an archive must be an absolute path");
    while (root_.ends_with('/'))
        root_.pop_back();
    checkPrefix(folder_);
    struct stat status;
    if (::stat((root_ + "/").c_str(), &status) != 0)
        throwErrno("find directory", root_ + "/");
    if (!S_ISDIR(status.st_mode))
        throw base::Error(base::ErrorKind::Io, "\"%s\" is not a directory", root_.c_str());
}

std::string LocalStore::pathOf(std::string_view key) const {
    checkKey(key);
    return shown(key);
}

std::string LocalStore::shown(std::string_view key) const {
    return root_ + "/" + folder_ + std::string(key);
}

void LocalStore::makeDirectories(std::string_view key) const {
    const std::string below = folder_ + std::string(key);
    for (size_t slash = below.find('/'); slash != std::string::npos;
         slash = below.find('/', slash + 1)) {
        const std::string path = root_ + "/" + below.substr(0, slash);
        if (mkdir(path.c_str(), 0700) == 0) {
            flushDirectory(directoryOf(path));
        } else if (errno != EEXIST) {
            throwErrno("create directory", path);
        }
    }
}

std::string LocalStore::writeUnfinished(const std::string& key, const Content& content) const {
    makeDirectories(key);
    Unlinker unfinished(pathOf(unfinishedKey(key)));
    const std::string& path = unfinished.path();
    Descriptor file(openRetrying(path.c_str(), O_WRONLY | O_CREAT | O_EXCL));
    if (!file.valid())
        throwErrno("create file", path);
    const uint64_t size = content.size();
    std::vector<std::byte> piece(std::min<uint64_t>(size, kPiece));
    uint64_t begun = 0;
    for (uint64_t offset = 0; offset < size;) {
        patience_.poll();
        std::span<std::byte> part(piece.data(), std::min<uint64_t>(piece.size(), size - offset));
        content.read(offset, part);
        offset += part.size();
        while (!part.empty()) {
            errno = ENOSPC;  // for a write of nothing
            const ssize_t written = write(file.number(), part.data(), part.size());
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0)
                throwErrno("write file", path);
            part = part.subspan(static_cast<size_t>(written));
        }
        if (offset >= begun + kWriteBehind) {
            beginWriting(file.number(), begun, offset - begun);
            begun = offset;
        }
    }
    if (fsync(file.number()) != 0)
        throwErrno("flush file", path);
    if (!file.close())
        throwErrno("close file", path);
    std::string result = path;
    unfinished.release();
    return result;
}

void LocalStore::put(const std::string& key, const Content& content) {
    const std::string path = pathOf(key);
    Unlinker unfinished(writeUnfinished(key, content));
    if (rename(unfinished.path().c_str(), path.c_str()) != 0)
        throwErrno("rename a file to", path);
    unfinished.release();
    flushDirectory(directoryOf(path));
}

PutResult LocalStore::putIfAbsent(const std::string& key, std::string_view content) {
    const std::string path = pathOf(key);
    const Unlinker unfinished(writeUnfinished(key, BytesContent(content)));
    if (link(unfinished.path().c_str(), path.c_str()) != 0) {
        if (errno != EEXIST)
            throwErrno("link a file to", path);
        if (compareWithExisting(key, content) == PutResult::Exists)
            return PutResult::Exists;
    }
    flushDirectory(directoryOf(path));
    return PutResult::Written;
}

void LocalStore::read(const std::string& key, uint64_t offset, std::span<std::byte> into) {
    const std::string path = pathOf(key);
    const Descriptor file(openRetrying(path.c_str(), O_RDONLY));
    if (!file.valid())
        throwErrno("open file", path);
    while (!into.empty()) {
        patience_.poll();
        const ssize_t got = pread(file.number(), into.data(), std::min(into.size(), kPiece),
                                  static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            throwErrno("read file", path);
        if (got == 0)
            base::throwCorrupt("file \"%s\" is shorter than it was when it was written",
                               path.c_str());
        into = into.subspan(static_cast<size_t>(got));
        offset += static_cast<uint64_t>(got);
    }
}

std::optional<ObjectInfo> LocalStore::stat(const std::string& key) {
    const std::string path = pathOf(key);
    struct stat status;
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::nullopt;
        throwErrno("stat file", path);
    }
    if (!S_ISREG(status.st_mode))
        return std::nullopt;
    return ObjectInfo{key, static_cast<uint64_t>(status.st_size), modified(status)};
}

void LocalStore::list(const std::string& prefix,
                      const std::function<void(const ObjectInfo&)>& visit) {
    checkPrefix(prefix);
    listDirectory(prefix, visit, 0);
}

void LocalStore::listDirectory(const std::string& prefix,
                               const std::function<void(const ObjectInfo&)>& visit,
                               unsigned depth) const {
    if (depth > kMaxDepth)
        base::throwUnsupported("the directories of the archive \"%s\" are nested too deeply",
                               root_.c_str());
    const std::string path = shown(prefix);
    // Names first: a visitor may remove files, and no directory stays open meanwhile.
    std::vector<std::string> names;
    {
        const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
        if (directory == nullptr) {
            if (errno == ENOENT || errno == ENOTDIR)
                return;
            throwErrno("open directory", path);
        }
        while (true) {
            errno = 0;
            const dirent* entry = readdir(directory.get());
            if (entry == nullptr) {
                if (errno != 0)
                    throwErrno("read directory", path);
                break;
            }
            const std::string_view name = entry->d_name;
            if (name != "." && name != "..")
                names.emplace_back(name);
        }
    }
    for (const std::string& name : names) {
        patience_.poll();
        struct stat status;
        // Links are not followed: a loop would never end, and nothing of ours is one.
        if (lstat((path + name).c_str(), &status) != 0) {
            if (errno == ENOENT)
                continue;
            throwErrno("stat file", path + name);
        }
        if (S_ISDIR(status.st_mode)) {
            listDirectory(prefix + name + "/", visit, depth + 1);
        } else if (S_ISREG(status.st_mode)) {
            visit({prefix + name, static_cast<uint64_t>(status.st_size), modified(status)});
        }
    }
}

void LocalStore::remove(const std::string& key) {
    const std::string path = pathOf(key);
    if (unlink(path.c_str()) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return;
        throwErrno("remove file", path);
    }
    flushDirectory(directoryOf(path));
}

}  // namespace footfall::archive
