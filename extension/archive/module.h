// The module footfall_archive: loading it, and what it opens.
//
// It is loaded by the first call, with all signals blocked, and stays. Without it every call throws
// Unsupported. All functions throw base::Error or what an interrupt raised: call them inside
// pg::enterEngine. What is opened belongs to a memory context and is closed when that is reset or
// deleted, on every path; nothing here needs a destructor.
//
// The calls of a store talk to the network: no lock, snapshot or transaction that others could wait
// for should be held meanwhile, except where a query reads archived rows.
#pragma once

#include <exception>

#include "engine/archive/module_table.h"
#include "extension/pg/guard.h"
#include "extension/pg/memory.h"

namespace footfall::archive {

// Loads the module if need be. Throws Unsupported.
const ModuleTable& module();

// Answers the module's question whether to go on, and turns its failures into exceptions.
class Waiter {
  public:
    Caller caller() { return {this, poll}; }
    // Throws what poll() met, or the failure, if there is one.
    void check(const Failure& failure);

  private:
    static bool poll(void* self) noexcept;
    std::exception_ptr interrupt_;
};

class Reader {
  public:
    // Columns and row groups as the footer says.
    const std::vector<ArchivedColumn>& columns() const { return *module().readerColumns(handle_); }
    const std::vector<ArchivedGroup>& groups() const { return *module().readerGroups(handle_); }
    // What tells the file's contents from any other's: rows and checksums of all row groups, as one
    // number that is not 0.
    int64 checksums() const;
    // All rows of columns `wanted` of a row group into columns[0..]: any existing columns, which
    // get type, memory (of the reader's context) and rows. Their checksums have been compared.
    void read(uint32_t group, std::span<const uint32_t> wanted, vector::Column* columns);

    // A local file that stays open; `shown` is its name in errors. Owned by `context`.
    static Reader* openFile(MemoryContext context, int descriptor, const std::string& shown);

  private:
    friend class Store;
    template <class T, class... Arguments>
    friend T* pg::makeIn(MemoryContext, Arguments&&...);
    Reader() = default;

    Waiter* waiter_ = nullptr;
    ReaderHandle* handle_ = nullptr;
    MemoryContextCallback close_ = {};
};

class Log {
  public:
    int64_t version() const { return module().logVersion(handle_); }  // -1: there is no table
    const DeltaMetadata* metadata() const { return module().logMetadata(handle_); }
    bool names(const std::string& key) const { return module().logNames(handle_, key); }
    std::vector<std::string> keys() const;
    void commit(const DeltaCommit& commit);

  private:
    friend class Store;
    template <class T, class... Arguments>
    friend T* pg::makeIn(MemoryContext, Arguments&&...);
    Log() = default;

    Waiter* waiter_ = nullptr;
    LogHandle* handle_ = nullptr;
    MemoryContextCallback close_ = {};
};

class Store {
  public:
    // Owned by `context`, as is what it opens.
    static Store* open(MemoryContext context, const StoreRequest& request);

    void putFile(const std::string& key, int descriptor);
    // The SHA-256 of the object; its bytes go to `descriptor` unless that is -1.
    std::string fetch(const std::string& key, uint64_t size, int descriptor);
    ObjectFact stat(const std::string& key);
    void remove(const std::string& key);
    void removeUnfinished(const std::string& key);
    std::vector<std::string> list();
    // `size` as the manifest has it. `context` is the store's or lives shorter.
    Reader* openReader(MemoryContext context, const std::string& key, uint64_t size);
    Log* openLog();
    VacuumCounts vacuum(Log* log, const VacuumRequest& request);

  private:
    template <class T, class... Arguments>
    friend T* pg::makeIn(MemoryContext, Arguments&&...);
    Store() = default;

    MemoryContext context_ = nullptr;
    Waiter* waiter_ = nullptr;
    StoreHandle* handle_ = nullptr;
    MemoryContextCallback close_ = {};
};

// Segments into a local file, a row group each.
class Writer {
  public:
    static Writer* open(MemoryContext context, const std::vector<ArchivedColumn>& columns,
                        const std::vector<uint32_t>& sortKeys, int descriptor);
    void append(std::span<const vector::Column> columns);
    // Ends the file; its length.
    uint64_t finish();

  private:
    template <class T, class... Arguments>
    friend T* pg::makeIn(MemoryContext, Arguments&&...);
    Writer() = default;

    Waiter* waiter_ = nullptr;
    WriterHandle* handle_ = nullptr;
    MemoryContextCallback close_ = {};
};

StoreKind kindOf(const ArchiveOptions& options);
std::string digestOf(int descriptor);
std::string schemaOf(const std::vector<DeltaField>& fields);
std::string folderOf(const HiveValues& values);
std::string deltaTypeOf(const ArchivedColumn& column);
std::string newId();

}  // namespace footfall::archive
