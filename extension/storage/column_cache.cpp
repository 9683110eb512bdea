// See column_cache.h.
#include "extension/storage/column_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/vector/column_image.h"
#include "extension/module/settings.h"
#include "extension/pg/guard.h"

namespace footfall::storage {

namespace {

constexpr char kFolder[] = "base/" PG_TEMP_FILES_DIR "/" PG_TEMP_FILE_PREFIX "_footfall_columns";
constexpr int kDigits = 32;  // of the object's checksum

Size limit() {
    return static_cast<Size>(module::archiveCacheSize) * 1024 * 1024;
}

// A standby is told of no object that is removed, and might keep what was erased.
bool keeps() {
    return limit() > 0 && !RecoveryInProgress();
}

bool namesObject(std::string_view object) {
    return object.size() >= kDigits &&
           object.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void pathOf(const ColumnKey& key, char (&path)[MAXPGPATH]) {
    snprintf(path, MAXPGPATH, "%s/%.*s.%d.%u", kFolder, kDigits, key.object.data(), key.rowGroup,
             key.column);
}

void complain(const char* what, const char* path) {
    ereport(LOG, (errcode_for_file_access(), errmsg("could not %s file \"%s\": %m", what, path),
                  errdetail("The column is read from the archive.")));
}

// The file's bytes, allocated in the current context; nullptr where there is none.
std::byte* readFile(const char* path, Size* size) {
    const int file = OpenTransientFile(path, O_RDONLY | PG_BINARY);
    if (file < 0) {
        if (errno != ENOENT) {
            complain("open", path);
        }
        return nullptr;
    }
    struct stat status;
    std::byte* bytes = nullptr;
    if (fstat(file, &status) != 0 || status.st_size <= 0) {
        complain("look at", path);
    } else {
        *size = static_cast<Size>(status.st_size);
        bytes = static_cast<std::byte*>(MemoryContextAllocHuge(CurrentMemoryContext, *size));
        Size done = 0;
        while (done < *size) {
            CHECK_FOR_INTERRUPTS();
            const ssize_t got = pg_pread(file, bytes + done, Min(*size - done, Size{1} << 24),
                                         static_cast<off_t>(done));
            if (got <= 0) {
                complain("read", path);
                pfree(bytes);
                bytes = nullptr;
                break;
            }
            done += static_cast<Size>(got);
        }
        // The time of its last change is that of its last use.
        (void)futimens(file, nullptr);
    }
    CloseTransientFile(file);
    return bytes;
}

bool writeFile(const char* path, std::span<const std::byte> bytes) {
    const int file = OpenTransientFile(path, O_RDWR | O_CREAT | O_EXCL | PG_BINARY);
    if (file < 0) {
        complain("create", path);
        return false;
    }
    Size done = 0;
    while (done < bytes.size()) {
        CHECK_FOR_INTERRUPTS();
        errno = 0;
        const ssize_t put =
            pg_pwrite(file, bytes.data() + done, Min(bytes.size() - done, Size{1} << 24),
                      static_cast<off_t>(done));
        if (put <= 0) {
            if (errno == 0) {
                errno = ENOSPC;
            }
            complain("write", path);
            break;
        }
        done += static_cast<Size>(put);
    }
    if (CloseTransientFile(file) != 0) {
        complain("close", path);
        return false;
    }
    return done == bytes.size();
}

struct CachedFile {
    char* name;
    int64 used;  // nanoseconds
    Size bytes;
};

int byUse(const void* a, const void* b) {
    const int64 left = static_cast<const CachedFile*>(a)->used;
    const int64 right = static_cast<const CachedFile*>(b)->used;
    return left < right ? -1 : (left > right ? 1 : 0);
}

void removeFile(const char* name) {
    char path[MAXPGPATH];
    snprintf(path, MAXPGPATH, "%s/%s", kFolder, name);
    if (unlink(path) != 0 && errno != ENOENT) {
        complain("remove", path);
    }
}

// Calls `visit` for each file of the folder.
template <class Visit>
void visitFiles(Visit&& visit) {
    DIR* folder = AllocateDir(kFolder);
    if (folder == nullptr) {
        return;  // nothing was kept yet
    }
    struct dirent* entry;
    while ((entry = ReadDirExtended(folder, kFolder, LOG)) != nullptr) {
        CHECK_FOR_INTERRUPTS();
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            visit(entry->d_name);
        }
    }
    FreeDir(folder);
}

// Makes room for `bytes` more.
void evict(Size bytes) {
    int count = 0;
    int capacity = 64;
    Size total = bytes;
    auto* files = static_cast<CachedFile*>(palloc(sizeof(CachedFile) * 64));
    visitFiles([&](const char* name) {
        char path[MAXPGPATH];
        struct stat status;
        snprintf(path, MAXPGPATH, "%s/%s", kFolder, name);
        if (stat(path, &status) != 0) {
            return;
        }
        if (count == capacity) {
            capacity *= 2;
            files = static_cast<CachedFile*>(
                repalloc(files, sizeof(CachedFile) * static_cast<Size>(capacity)));
        }
        files[count++] = {pstrdup(name),
                          int64{status.st_mtim.tv_sec} * 1000000000 + status.st_mtim.tv_nsec,
                          static_cast<Size>(status.st_size)};
        total += static_cast<Size>(status.st_size);
    });
    qsort(files, static_cast<size_t>(count), sizeof(CachedFile), byUse);
    for (int i = 0; i < count && total > limit(); i++) {
        removeFile(files[i].name);
        total -= files[i].bytes;
    }
}

// What a setting that has become lower leaves too much. Not inside the engine.
void keepLimit() {
    static int known = -1;
    if (known != module::archiveCacheSize) {
        known = module::archiveCacheSize;
        MemoryContext scratch =
            AllocSetContextCreate(CurrentMemoryContext, "footfall cache", ALLOCSET_SMALL_SIZES);
        MemoryContext previous = MemoryContextSwitchTo(scratch);
        evict(0);
        MemoryContextSwitchTo(previous);
        MemoryContextDelete(scratch);
    }
}

void makeFolder() {
    char parent[] = "base/" PG_TEMP_FILES_DIR;
    for (const char* folder : {static_cast<const char*>(parent), kFolder}) {
        if (MakePGDirectory(folder) != 0 && errno != EEXIST) {
            complain("create", folder);
        }
    }
}

// Adds the file, written beside its place first.
void addFile(const ColumnKey& key, std::span<const std::byte> bytes) {
    static uint32 counter = 0;
    char path[MAXPGPATH];
    char unfinished[MAXPGPATH];
    pathOf(key, path);
    snprintf(unfinished, MAXPGPATH, "%s/unfinished.%d.%u", kFolder, MyProcPid, counter++);
    makeFolder();
    evict(bytes.size());
    // What a process of the same number left when it was killed.
    (void)unlink(unfinished);
    bool written = false;
    pg::withCleanup(
        [&] {
            written = writeFile(unfinished, bytes);
            if (written && rename(unfinished, path) != 0) {
                complain("rename", unfinished);
                written = false;
            }
        },
        [&] {
            if (!written) {
                (void)unlink(unfinished);
            }
        });
}

}  // namespace

bool readCachedColumn(const ColumnKey& key, vector::Column& into) {
    pg::callPostgres([] { keepLimit(); });
    if (!keeps() || !namesObject(key.object)) {
        return false;
    }
    char path[MAXPGPATH];
    std::byte* bytes = nullptr;
    Size size = 0;
    MemoryContext scratch = nullptr;
    pathOf(key, path);
    pg::callPostgres([&] {
        // The caller's context may be one whose allocations cannot be freed one by one.
        scratch =
            AllocSetContextCreate(CurrentMemoryContext, "footfall cache", ALLOCSET_SMALL_SIZES);
        MemoryContext previous = MemoryContextSwitchTo(scratch);
        bytes = readFile(path, &size);
        MemoryContextSwitchTo(previous);
    });
    if (bytes == nullptr) {
        MemoryContextDelete(scratch);
        return false;
    }
    vector::Column values(into.type(), into.resource());
    try {
        vector::readImage({bytes, size}, values);
    } catch (const base::Error& error) {
        // A local copy only: the store has the column.
        pg::callPostgres([&] {
            MemoryContextDelete(scratch);
            ereport(LOG, (errcode(ERRCODE_DATA_CORRUPTED),
                          errmsg("file \"%s\" is damaged: %s", path, error.what()),
                          errdetail("The column is read from the archive.")));
            if (unlink(path) != 0 && errno != ENOENT) {
                complain("remove", path);
            }
        });
        return false;
    }
    MemoryContextDelete(scratch);
    into = std::move(values);
    return true;
}

void cacheColumn(const ColumnKey& key, const vector::Column& values) {
    // One column must not empty the whole cache.
    if (!keeps() || !namesObject(key.object) || values.byteSize() > limit() / 4) {
        return;
    }
    base::ByteWriter image;
    vector::writeImage(values, image);
    pg::callPostgres([&] {
        MemoryContext scratch =
            AllocSetContextCreate(CurrentMemoryContext, "footfall cache", ALLOCSET_DEFAULT_SIZES);
        MemoryContext previous = MemoryContextSwitchTo(scratch);
        addFile(key, image.bytes());
        MemoryContextSwitchTo(previous);
        MemoryContextDelete(scratch);
    });
}

void forgetCachedObject(std::string_view object) {
    if (!namesObject(object)) {
        return;
    }
    visitFiles([&](const char* name) {
        if (strncmp(name, object.data(), kDigits) == 0) {
            removeFile(name);
        }
    });
}

}  // namespace footfall::storage
