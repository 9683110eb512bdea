// Where archived objects are: named byte strings that are written whole and never changed.
//
// Keys are relative paths ("day=2026-11-21/part-….parquet"), checked by checkKey(). An object is
// seen whole or not at all, also when the writer dies, and it is durable when put() returns. What a
// writer that died left half done is an object of its own, whose name begins with kUnfinished.
//
// Every operation may take long: implementations retry what may pass, call Patience::poll while
// they wait (which may throw to give up) and never show a secret in an error. Errors are
// base::Error: Io, DiskFull, CorruptData when the store holds something else than it should.
// A store is for one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace footfall::archive {

struct ObjectInfo {
    std::string key;
    uint64_t size = 0;
    int64_t modifiedMicros = 0;  // since 1970, by the store's clock
};

// Bytes to be written; any range may be asked for, and again when an attempt failed.
class Content {
  public:
    virtual ~Content() = default;
    virtual uint64_t size() const = 0;
    // The range lies inside size().
    virtual void read(uint64_t offset, std::span<std::byte> into) const = 0;
};

class BytesContent final : public Content {
  public:
    explicit BytesContent(std::span<const std::byte> bytes) : bytes_(bytes) {}
    explicit BytesContent(std::string_view text)
        : bytes_(reinterpret_cast<const std::byte*>(text.data()), text.size()) {}
    uint64_t size() const override { return bytes_.size(); }
    void read(uint64_t offset, std::span<std::byte> into) const override;

  private:
    std::span<const std::byte> bytes_;
};

// A local file, open for reading; the caller keeps and closes the descriptor.
class FileContent final : public Content {
  public:
    explicit FileContent(int descriptor);
    uint64_t size() const override { return size_; }
    void read(uint64_t offset, std::span<std::byte> into) const override;

  private:
    int descriptor_;
    uint64_t size_;
};

enum class PutResult { Written, Exists };

class ObjectStore {
  public:
    virtual ~ObjectStore() = default;

    // Replaces what is there.
    virtual void put(const std::string& key, const Content& content) = 0;
    // Exists: the object is there with other bytes. Where it holds exactly these bytes, the answer
    // is Written: an earlier attempt's success whose answer was lost. So `content` must be like
    // nobody else's, for example hold a random id.
    virtual PutResult putIfAbsent(const std::string& key, std::string_view content) = 0;
    // Fills `into` with the bytes from `offset` on; CorruptData when there are fewer.
    virtual void read(const std::string& key, uint64_t offset, std::span<std::byte> into) = 0;
    // Nothing when there is no such object.
    virtual std::optional<ObjectInfo> stat(const std::string& key) = 0;
    // Every object whose key begins with `prefix` (empty, or ending in a slash), in no order.
    virtual void list(const std::string& prefix,
                      const std::function<void(const ObjectInfo&)>& visit) = 0;
    // Also when there is no such object.
    virtual void remove(const std::string& key) = 0;
    // Removes what writers that died have left of objects at or below `at` (a key, or a prefix as
    // of list()) and began before `beforeMicros`; returns how much that was.
    virtual uint64_t removeUnfinished(const std::string& at, int64_t beforeMicros);
    // How errors name the place, without secrets.
    virtual std::string shown(std::string_view key) const = 0;

    // The whole object, which must not exceed `limit` bytes; nothing when there is none.
    std::optional<std::string> readText(const std::string& key, uint64_t limit);

  protected:
    // putIfAbsent's answer when the store says that the object is there.
    PutResult compareWithExisting(const std::string& key, std::string_view content);
};

// What is not (yet) an object: the last part of its key begins with this. Engines that read the
// archive ignore it, vacuum removes it.
inline constexpr std::string_view kUnfinished = "_unfinished-";
bool isUnfinished(std::string_view key);
// The key of an unfinished object beside `key`, unlike any other.
std::string unfinishedKey(std::string_view key);

// Throws BadArgument for a key that is empty, too long, absolute, or has an empty, "." or ".."
// part or a control character.
void checkKey(std::string_view key);
// The same for a prefix, which may be empty and else ends in a slash.
void checkPrefix(std::string_view prefix);

// 128 random bits as 32 hexadecimal digits.
std::string randomId();

}  // namespace footfall::archive
