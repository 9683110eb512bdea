#include "engine/archive/delta_log.h"

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>

#include "engine/base/error.h"

namespace footfall::archive {
namespace {

constexpr uint64_t kMaxCommitBytes = uint64_t{256} << 20;
constexpr unsigned kMaxAttempts = 100;
constexpr size_t kVersionDigits = 20;

std::string commitKey(int64_t version) {
    char name[64];
    std::snprintf(name, sizeof(name), "%020" PRId64 ".json", version);
    return std::string(kDeltaLogFolder) + name;
}

// The version a key of the log's folder names; nothing for other objects (checkpoints, checksums).
std::optional<int64_t> versionOf(std::string_view key) {
    key.remove_prefix(kDeltaLogFolder.size());
    if (key.size() != kVersionDigits + 5 || !key.ends_with(".json"))
        return std::nullopt;
    int64_t version = 0;
    const char* end = key.data() + kVersionDigits;
    const auto [at, failure] = std::from_chars(key.data(), end, version);
    if (failure != std::errc() || at != end || version < 0)
        return std::nullopt;
    return version;
}

}  // namespace

void DeltaLog::refresh() {
    int64_t newest = version_;
    bool any = false;
    store_.list(std::string(kDeltaLogFolder), [&](const ObjectInfo& object) {
        any = any || !isUnfinished(object.key);
        newest = std::max(newest, versionOf(object.key).value_or(-1));
    });
    if (version_ < 0 && newest < 0 && any)
        base::throwUnsupported("the Delta log \"%s\" has no commits, only other objects",
                               store_.shown(kDeltaLogFolder).c_str());
    while (version_ < newest) {
        const std::string key = commitKey(version_ + 1);
        const std::optional<std::string> text = store_.readText(key, kMaxCommitBytes);
        if (!text) {
            base::Error error(
                version_ < 0 ? base::ErrorKind::Unsupported : base::ErrorKind::CorruptData,
                "commit \"%s\" is missing", store_.shown(key).c_str());
            throw error.withHint(
                "Another engine may have cleaned up the log: tables that are read "
                "from a checkpoint are not supported.");
        }
        const DeltaCommit commit = parseCommit(*text);
        if (version_ < 0 && (!commit.protocol || !commit.metadata))
            base::throwCorrupt("the first commit \"%s\" lacks protocol or metaData",
                               store_.shown(key).c_str());
        apply(commit);
        ++version_;
    }
}

void DeltaLog::apply(const DeltaCommit& commit) {
    if (commit.protocol)
        protocol_ = commit.protocol;
    if (commit.metadata)
        metadata_ = commit.metadata;
    // Within a commit a path is removed and added at most once each, in no order: added wins, as
    // for a file whose statistics are recomputed.
    for (const DeltaRemove& remove : commit.removes) {
        files_.erase(remove.key);
        removed_[remove.key] = remove.deletedMillis;
    }
    for (const DeltaAdd& add : commit.adds) {
        files_[add.key] = add;
        removed_.erase(add.key);
    }
    for (const DeltaTransaction& transaction : commit.transactions)
        transactions_[transaction.application] = transaction.version;
}

int64_t DeltaLog::transaction(const std::string& application) const {
    const auto found = transactions_.find(application);
    return found == transactions_.end() ? -1 : found->second;
}

void DeltaLog::checkFits(const DeltaCommit& commit) const {
    const auto conflict = [&](const char* what, std::string_view key) {
        throw base::Error(base::ErrorKind::BadArgument, "the commit to \"%s\" %s",
                          store_.shown(key).c_str(), what);
    };
    if (version_ < 0) {
        if (!commit.protocol || !commit.metadata)
            conflict("cannot be made: there is no table", kDeltaLogFolder);
    } else {
        if (commit.protocol ||
            (commit.metadata && (commit.metadata->id != metadata_->id ||
                                 commit.metadata->partitionColumns != metadata_->partitionColumns)))
            conflict("would create a table that exists", kDeltaLogFolder);
        if (hasInvariants(metadata_->schema))
            base::throwUnsupported("the Delta table \"%s\" has column invariants",
                                   store_.shown("").c_str());
        const auto appendOnly = metadata_->configuration.find("delta.appendOnly");
        if (!commit.removes.empty() && appendOnly != metadata_->configuration.end() &&
            appendOnly->second == "true") {
            base::throwUnsupported("the Delta table \"%s\" is append-only",
                                   store_.shown("").c_str());
        }
    }
    for (const DeltaRemove& remove : commit.removes) {
        if (!files_.contains(remove.key))
            conflict("removes a file that is not there", remove.key);
    }
    for (const DeltaAdd& add : commit.adds) {
        if (files_.contains(add.key))
            conflict("adds a file that is there", add.key);
    }
}

int64_t DeltaLog::commit(const DeltaCommit& commit) {
    const std::string text = serializeCommit(commit, randomId());
    // As a reader will see it: what this release cannot read back it must not write.
    const DeltaCommit readBack = parseCommit(text);
    if (version_ < 0)
        refresh();
    const std::optional<DeltaMetadata> seen = metadata_;
    for (unsigned attempt = 0; attempt < kMaxAttempts; ++attempt) {
        if (seen && (seen->schema != metadata_->schema ||
                     seen->partitionColumns != metadata_->partitionColumns)) {
            throw base::Error(base::ErrorKind::BadArgument,
                              "the schema of the Delta table \"%s\" has changed meanwhile",
                              store_.shown("").c_str());
        }
        checkFits(commit);
        if (store_.putIfAbsent(commitKey(version_ + 1), text) == PutResult::Written) {
            apply(readBack);
            return ++version_;
        }
        refresh();
    }
    throw base::Error(base::ErrorKind::Io, "others committed to \"%s\" faster, %u times",
                      store_.shown(kDeltaLogFolder).c_str(), kMaxAttempts);
}

}  // namespace footfall::archive
