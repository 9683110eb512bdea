// The module footfall_archive: module_table.h over the stores, the log and Parquet.
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <new>
#include <set>

#include "engine/archive/delta_log.h"
#include "engine/archive/delta_vacuum.h"
#include "engine/archive/descriptor_store.h"
#include "engine/archive/module_table.h"
#include "engine/archive/parquet_reader.h"
#include "engine/archive/parquet_writer.h"

namespace footfall::archive {

struct StoreHandle {
    std::unique_ptr<ObjectStore> store;
};

struct ReaderHandle {
    std::unique_ptr<DescriptorStore> own;  // of a local file
    std::unique_ptr<ParquetReader> reader;
};

struct WriterHandle {
    std::unique_ptr<ParquetWriter> writer;
};

struct LogHandle {
    explicit LogHandle(ObjectStore& store) : log(store) {}
    DeltaLog log;
};

namespace {

constexpr size_t kCopyBytes = size_t{1} << 20;

void copyText(char (&to)[256], const char* from) {
    const size_t size = std::min(std::strlen(from), sizeof(to) - 1);
    std::memcpy(to, from, size);
    to[size] = 0;
}

void report(Failure* failure, base::ErrorKind kind, const char* message) {
    failure->failed = true;
    failure->kind = static_cast<int>(kind);
    copyText(failure->message, message);
}

// Runs `body`; whatever it throws ends here.
template <class Body>
void guarded(Failure* failure, Body&& body) noexcept {
    *failure = {};
    try {
        body();
    } catch (const base::Error& error) {
        report(failure, error.kind(), error.what());
        copyText(failure->detail, error.detail());
        copyText(failure->hint, error.hint());
    } catch (const std::bad_alloc&) {
        report(failure, base::ErrorKind::OutOfMemory, "out of memory");
    } catch (const std::exception& error) {
        report(failure, base::ErrorKind::Internal, error.what());
    } catch (...) {
        report(failure, base::ErrorKind::Internal, "unknown exception");
    }
}

Patience patienceOf(Caller caller) {
    Patience patience;
    patience.poll = [caller] {
        if (!caller.poll(caller.self))
            base::throwInternal("interrupted");
    };
    return patience;
}

class Digest {
  public:
    Digest() : context_(EVP_MD_CTX_new()) {
        if (context_ == nullptr)
            throw std::bad_alloc();
        if (EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) != 1)
            base::throwInternal("could not begin a SHA-256");
    }
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;
    ~Digest() { EVP_MD_CTX_free(context_); }

    void add(std::span<const std::byte> bytes) {
        if (EVP_DigestUpdate(context_, bytes.data(), bytes.size()) != 1)
            base::throwInternal("could not continue a SHA-256");
    }
    void finish(char (&text)[65]) {
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        if (EVP_DigestFinal_ex(context_, bytes, &size) != 1 || size != 32)
            base::throwInternal("could not end a SHA-256");
        for (unsigned at = 0; at < size; ++at) {
            text[2 * at] = "0123456789abcdef"[bytes[at] >> 4];
            text[2 * at + 1] = "0123456789abcdef"[bytes[at] & 15];
        }
        text[64] = 0;
    }

  private:
    EVP_MD_CTX* context_;
};

void writeAll(int descriptor, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        errno = ENOSPC;  // for a write of nothing
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            throw base::Error(errno == ENOSPC || errno == EDQUOT ? base::ErrorKind::DiskFull
                                                                 : base::ErrorKind::Io,
                              "could not write a spooled file: %s", strerrordesc_np(errno));
        }
        bytes = bytes.subspan(static_cast<size_t>(written));
    }
}

void checkOptionsOf(const ArchiveOptions& options, StoreKind* kind, Failure* failure) noexcept {
    guarded(failure, [&] { *kind = checkOptions(options); });
}

StoreHandle* openStoreOf(const StoreRequest& request, Caller caller, Failure* failure) noexcept {
    StoreHandle* result = nullptr;
    guarded(failure, [&] {
        auto handle = std::make_unique<StoreHandle>();
        handle->store = openStore(request.options, request.folder, request.credentials,
                                  NetworkPolicy(request.allowedEndpoints), patienceOf(caller));
        result = handle.release();
    });
    return result;
}

void closeStore(StoreHandle* handle) noexcept {
    delete handle;
}

void putFile(StoreHandle* handle, const std::string& key, int descriptor,
             Failure* failure) noexcept {
    guarded(failure, [&] { handle->store->put(key, FileContent(descriptor)); });
}

void fetchObject(StoreHandle* handle, const std::string& key, uint64_t size, int descriptor,
                 char (&text)[65], Failure* failure) noexcept {
    guarded(failure, [&] {
        Digest digest;
        std::vector<std::byte> part(std::min<uint64_t>(size, 8 * kCopyBytes));
        for (uint64_t at = 0; at < size; at += part.size()) {
            const std::span<std::byte> bytes(part.data(),
                                             std::min<uint64_t>(part.size(), size - at));
            handle->store->read(key, at, bytes);
            digest.add(bytes);
            if (descriptor >= 0)
                writeAll(descriptor, bytes);
        }
        digest.finish(text);
    });
}

void statObject(StoreHandle* handle, const std::string& key, ObjectFact* fact,
                Failure* failure) noexcept {
    guarded(failure, [&] {
        const auto info = handle->store->stat(key);
        *fact = {info.has_value(), info ? info->size : 0};
    });
}

void removeObject(StoreHandle* handle, const std::string& key, Failure* failure) noexcept {
    guarded(failure, [&] { handle->store->remove(key); });
}

void removeUnfinished(StoreHandle* handle, const std::string& key, Failure* failure) noexcept {
    guarded(failure, [&] {
        (void)handle->store->removeUnfinished(key, std::numeric_limits<int64_t>::max());
    });
}

void listObjects(StoreHandle* handle, std::vector<std::string>* keys, Failure* failure) noexcept {
    guarded(failure, [&] {
        handle->store->list("", [&](const ObjectInfo& object) { keys->push_back(object.key); });
    });
}

ReaderHandle* openReader(StoreHandle* handle, const std::string& key, uint64_t size,
                         std::pmr::memory_resource* resource, Failure* failure) noexcept {
    ReaderHandle* result = nullptr;
    guarded(failure, [&] {
        auto reader = std::make_unique<ReaderHandle>();
        reader->reader = std::make_unique<ParquetReader>(*handle->store, key, size, resource);
        result = reader.release();
    });
    return result;
}

ReaderHandle* openFileReader(int descriptor, const std::string& shown, Caller caller,
                             std::pmr::memory_resource* resource, Failure* failure) noexcept {
    ReaderHandle* result = nullptr;
    guarded(failure, [&] {
        auto reader = std::make_unique<ReaderHandle>();
        reader->own = std::make_unique<DescriptorStore>(descriptor, shown, patienceOf(caller));
        reader->reader =
            std::make_unique<ParquetReader>(*reader->own, shown, reader->own->size(), resource);
        result = reader.release();
    });
    return result;
}

void closeReader(ReaderHandle* handle) noexcept {
    delete handle;
}

const std::vector<ArchivedColumn>* readerColumns(const ReaderHandle* handle) noexcept {
    return &handle->reader->columns();
}

const std::vector<ArchivedGroup>* readerGroups(const ReaderHandle* handle) noexcept {
    return &handle->reader->groups();
}

void readGroup(ReaderHandle* handle, uint32_t group, const uint32_t* wanted, uint32_t count,
               vector::Column* columns, Failure* failure) noexcept {
    guarded(failure, [&] {
        auto read = handle->reader->read(group, {wanted, count});
        for (uint32_t at = 0; at < count; ++at)
            columns[at] = std::move(read[at]);
    });
}

WriterHandle* openWriter(const std::vector<ArchivedColumn>& columns,
                         const std::vector<uint32_t>& sortKeys, int descriptor,
                         std::pmr::memory_resource* resource, Failure* failure) noexcept {
    WriterHandle* result = nullptr;
    guarded(failure, [&] {
        auto handle = std::make_unique<WriterHandle>();
        handle->writer = std::make_unique<ParquetWriter>(columns, sortKeys, descriptor, resource);
        result = handle.release();
    });
    return result;
}

void closeWriter(WriterHandle* handle) noexcept {
    delete handle;
}

void appendGroup(WriterHandle* handle, const vector::Column* columns, uint32_t count,
                 Failure* failure) noexcept {
    guarded(failure, [&] { handle->writer->append({columns, count}); });
}

uint64_t finishFile(WriterHandle* handle, Failure* failure) noexcept {
    uint64_t size = 0;
    guarded(failure, [&] { size = handle->writer->finish(); });
    return size;
}

void digestFile(int descriptor, char (&text)[65], Failure* failure) noexcept {
    guarded(failure, [&] {
        const FileContent content(descriptor);
        Digest digest;
        std::vector<std::byte> part(std::min<uint64_t>(content.size(), kCopyBytes));
        for (uint64_t at = 0; at < content.size(); at += part.size()) {
            const std::span<std::byte> bytes(part.data(),
                                             std::min<uint64_t>(part.size(), content.size() - at));
            content.read(at, bytes);
            digest.add(bytes);
        }
        digest.finish(text);
    });
}

LogHandle* openLog(StoreHandle* store, Failure* failure) noexcept {
    LogHandle* result = nullptr;
    guarded(failure, [&] {
        auto handle = std::make_unique<LogHandle>(*store->store);
        handle->log.refresh();
        result = handle.release();
    });
    return result;
}

void closeLog(LogHandle* handle) noexcept {
    delete handle;
}

int64_t logVersion(const LogHandle* handle) noexcept {
    return handle->log.version();
}

const DeltaMetadata* logMetadata(const LogHandle* handle) noexcept {
    return handle->log.metadata() ? &*handle->log.metadata() : nullptr;
}

void logKeys(const LogHandle* handle, std::vector<std::string>* keys, Failure* failure) noexcept {
    guarded(failure, [&] {
        for (const auto& [key, add] : handle->log.files())
            keys->push_back(key);
    });
}

bool logNames(const LogHandle* handle, const std::string& key) noexcept {
    return handle->log.files().contains(key);
}

void logCommit(LogHandle* handle, const DeltaCommit& commit, Failure* failure) noexcept {
    guarded(failure, [&] { handle->log.commit(commit); });
}

void vacuumOf(StoreHandle* store, LogHandle* handle, const VacuumRequest& request,
              VacuumCounts* counts, Failure* failure) noexcept {
    guarded(failure, [&] {
        const std::set<std::string> kept(request.keep->begin(), request.keep->end());
        VacuumOptions options;
        options.nowMicros = request.nowMicros;
        options.graceMicros = request.graceMicros;
        options.keep = [&](const std::string& key) { return kept.contains(key); };
        const VacuumResult result = vacuum(*store->store, handle->log, options);
        *counts = {result.kept, result.removed, result.removedBytes};
    });
}

void schemaOf(const std::vector<DeltaField>& fields, std::string* text, Failure* failure) noexcept {
    guarded(failure, [&] { *text = deltaSchema(fields); });
}

void folderOf(const HiveValues& values, std::string* text, Failure* failure) noexcept {
    guarded(failure, [&] { *text = hiveFolder(values); });
}

void deltaTypeOf(const ArchivedColumn& column, std::string* text, Failure* failure) noexcept {
    guarded(failure, [&] { *text = column.deltaType(); });
}

void randomIdOf(std::string* text, Failure* failure) noexcept {
    guarded(failure, [&] { *text = randomId(); });
}

constexpr ModuleTable kTable = {
    checkOptionsOf, openStoreOf,      closeStore,  putFile,    fetchObject,    statObject,
    removeObject,   removeUnfinished, listObjects, openReader, openFileReader, closeReader,
    readerColumns,  readerGroups,     readGroup,   openWriter, closeWriter,    appendGroup,
    finishFile,     digestFile,       openLog,     closeLog,   logVersion,     logMetadata,
    logNames,       logKeys,          logCommit,   vacuumOf,   schemaOf,       folderOf,
    deltaTypeOf,    randomIdOf,
};

}  // namespace
}  // namespace footfall::archive

extern "C" __attribute__((visibility("default"))) const footfall::archive::ModuleTable*
footfall_archive_table(uint32_t version, size_t tableBytes);

const footfall::archive::ModuleTable* footfall_archive_table(uint32_t version, size_t tableBytes) {
    return version == footfall::archive::kModuleVersion &&
                   tableBytes == sizeof(footfall::archive::ModuleTable)
               ? &footfall::archive::kTable
               : nullptr;
}
