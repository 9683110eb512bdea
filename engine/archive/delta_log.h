// The state of a Delta Lake table, and commits to it.
//
// A commit is an object _delta_log/<version>.json that is put where none is: of two writers that
// try the same version one wins, and the other looks at what was committed and tries the next, as
// long as its commit still makes sense. All commits from version 0 on must be there; checkpoints
// are neither written nor needed.
#pragma once

#include "engine/archive/delta_action.h"
#include "engine/archive/object_store.h"

namespace footfall::archive {

class DeltaLog {
  public:
    // The store is the table's, its root the table's folder. Reads nothing yet.
    explicit DeltaLog(ObjectStore& store) : store_(store) {}

    // Reads what was committed since the last time. Throws Unsupported for a table that this
    // release does not understand, CorruptData when commits are missing.
    void refresh();

    int64_t version() const { return version_; }  // -1: there is no table
    const std::optional<DeltaMetadata>& metadata() const { return metadata_; }
    const std::map<std::string, DeltaAdd>& files() const { return files_; }
    // When each file was removed (milliseconds since 1970) that is not there any more.
    const std::map<std::string, int64_t>& removed() const { return removed_; }
    // The last version an application recorded; -1 when it recorded none.
    int64_t transaction(const std::string& application) const;

    // Commits and returns the version. Throws Io when others were faster too often, BadArgument
    // when what is now there does not fit: a file to remove that is gone, a file to add that is
    // there, a table to create that exists, a schema that another has changed.
    int64_t commit(const DeltaCommit& commit);

  private:
    void apply(const DeltaCommit& commit);
    void checkFits(const DeltaCommit& commit) const;

    ObjectStore& store_;
    int64_t version_ = -1;
    std::optional<DeltaProtocol> protocol_;
    std::optional<DeltaMetadata> metadata_;
    std::map<std::string, DeltaAdd> files_;
    std::map<std::string, int64_t> removed_;
    std::map<std::string, int64_t> transactions_;
};

inline constexpr std::string_view kDeltaLogFolder = "_delta_log/";

}  // namespace footfall::archive
