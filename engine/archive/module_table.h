// What the module footfall_archive shows to whoever loads it: a table of functions.
//
// The module is loaded by a process that knows nothing of Arrow and libcurl. No exception crosses:
// every function is noexcept and reports what was thrown as a Failure; what it calls back
// (Caller::poll) is noexcept too. The one thing that passes both ways as it is are the standard
// library's types and the engine's (vector::Column), so both sides must come from one build:
// footfall_archive_table() answers nothing to a caller of another one.
//
// Memory resources belong to the caller; they may throw std::bad_alloc and nothing else. Handles
// are freed by the caller, on every path. Everything is for one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

#include "engine/archive/archived_column.h"
#include "engine/archive/delta_action.h"
#include "engine/archive/location.h"
#include "engine/base/error.h"
#include "engine/vector/column.h"

namespace footfall::archive {

// A base::Error, without its type.
struct Failure {
    bool failed;
    int kind;  // base::ErrorKind
    char message[256];
    char detail[256];
    char hint[256];
};

// Who waits while the module does. `poll` is called at least every 100 ms; false: give up. Lives as
// long as every handle it was given to.
struct Caller {
    void* self;
    bool (*poll)(void* self) noexcept;
};

struct StoreRequest {
    ArchiveOptions options;
    ArchiveCredentials credentials;
    std::string allowedEndpoints;
    std::string folder;  // empty, or ending in a slash
};

using HiveValues = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct StoreHandle;
struct ReaderHandle;
struct WriterHandle;
struct LogHandle;

struct ObjectFact {
    bool found;
    uint64_t size;
};

struct VacuumRequest {
    int64_t nowMicros;  // since 1970
    int64_t graceMicros;
    const std::vector<std::string>* keep;  // keys that stay whatever their age
};

struct VacuumCounts {
    uint64_t kept;
    uint64_t removed;
    uint64_t removedBytes;
};

struct ModuleTable {
    // Options that cannot be: a Failure. Nothing is opened.
    void (*checkOptions)(const ArchiveOptions& options, StoreKind* kind, Failure*) noexcept;

    StoreHandle* (*openStore)(const StoreRequest& request, Caller caller, Failure*) noexcept;
    void (*closeStore)(StoreHandle*) noexcept;
    // Replaces the object by the whole file.
    void (*putFile)(StoreHandle*, const std::string& key, int descriptor, Failure*) noexcept;
    // SHA-256 of the object's first `size` bytes, in hexadecimal; the bytes go to the descriptor
    // too unless it is -1.
    void (*fetchObject)(StoreHandle*, const std::string& key, uint64_t size, int descriptor,
                        char (&digest)[65], Failure*) noexcept;
    void (*statObject)(StoreHandle*, const std::string& key, ObjectFact*, Failure*) noexcept;
    void (*removeObject)(StoreHandle*, const std::string& key, Failure*) noexcept;
    // What writers that died have left of the object.
    void (*removeUnfinished)(StoreHandle*, const std::string& key, Failure*) noexcept;
    void (*listObjects)(StoreHandle*, std::vector<std::string>* keys, Failure*) noexcept;

    // The object's footer is read, nothing else. The store outlives the reader.
    ReaderHandle* (*openReader)(StoreHandle*, const std::string& key, uint64_t size,
                                std::pmr::memory_resource*, Failure*) noexcept;
    // The same of a local file that the caller keeps open; `shown` is its name in errors.
    ReaderHandle* (*openFileReader)(int descriptor, const std::string& shown, Caller caller,
                                    std::pmr::memory_resource*, Failure*) noexcept;
    void (*closeReader)(ReaderHandle*) noexcept;
    const std::vector<ArchivedColumn>* (*readerColumns)(const ReaderHandle*) noexcept;
    const std::vector<ArchivedGroup>* (*readerGroups)(const ReaderHandle*) noexcept;
    // Columns `wanted` of a row group into `columns`, which the caller made, of any type and
    // memory; they come out of the reader's resource.
    void (*readGroup)(ReaderHandle*, uint32_t group, const uint32_t* wanted, uint32_t count,
                      vector::Column* columns, Failure*) noexcept;

    WriterHandle* (*openWriter)(const std::vector<ArchivedColumn>& columns,
                                const std::vector<uint32_t>& sortKeys, int descriptor,
                                std::pmr::memory_resource*, Failure*) noexcept;
    void (*closeWriter)(WriterHandle*) noexcept;
    void (*appendGroup)(WriterHandle*, const vector::Column* columns, uint32_t count,
                        Failure*) noexcept;
    // Ends the file; its length.
    uint64_t (*finishFile)(WriterHandle*, Failure*) noexcept;
    void (*digestFile)(int descriptor, char (&digest)[65], Failure*) noexcept;

    // Reads the log of the store's folder.
    LogHandle* (*openLog)(StoreHandle*, Failure*) noexcept;
    void (*closeLog)(LogHandle*) noexcept;
    int64_t (*logVersion)(const LogHandle*) noexcept;                // -1: there is no table
    const DeltaMetadata* (*logMetadata)(const LogHandle*) noexcept;  // nullptr: as above
    bool (*logNames)(const LogHandle*, const std::string& key) noexcept;
    void (*logKeys)(const LogHandle*, std::vector<std::string>* keys, Failure*) noexcept;
    void (*logCommit)(LogHandle*, const DeltaCommit& commit, Failure*) noexcept;
    void (*vacuum)(StoreHandle*, LogHandle*, const VacuumRequest& request, VacuumCounts*,
                   Failure*) noexcept;

    void (*schemaOf)(const std::vector<DeltaField>& fields, std::string*, Failure*) noexcept;
    void (*folderOf)(const HiveValues& values, std::string*, Failure*) noexcept;
    void (*deltaTypeOf)(const ArchivedColumn& column, std::string*, Failure*) noexcept;
    void (*randomId)(std::string*, Failure*) noexcept;
};

inline constexpr char kModuleLibrary[] = "footfall_archive";
inline constexpr char kModuleFunction[] = "footfall_archive_table";
// Changes with this file and with the types it passes.
inline constexpr uint32_t kModuleVersion = 1;

// `version` is the caller's kModuleVersion, `tableBytes` its sizeof(ModuleTable); nullptr when the
// module is of another build.
using ModuleFunction = const ModuleTable* (*)(uint32_t version, size_t tableBytes);

}  // namespace footfall::archive
