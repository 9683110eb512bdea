// See module.h.
#include "extension/archive/module.h"

#include <dlfcn.h>

#include <csignal>

#include "engine/base/hash.h"

namespace footfall::archive {

namespace {

const ModuleTable* loaded = nullptr;

// The module lies beside footfall.so, wherever the server found that.
std::string modulePath() {
    Dl_info info;
    if (dladdr(reinterpret_cast<const void*>(&modulePath), &info) == 0 ||
        info.dli_fname == nullptr) {
        return std::string(kModuleLibrary) + ".so";
    }
    std::string path = info.dli_fname;
    path.resize(path.rfind('/') + 1);
    return path + kModuleLibrary + ".so";
}

// Loads with signals blocked: a thread that a library's initialisation starts must not run a
// handler of PostgreSQL's.
void* loadLibrary(const std::string& path) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int flags = RTLD_NOW | RTLD_LOCAL;
#ifndef __SANITIZE_ADDRESS__
    flags |= RTLD_DEEPBIND;
#endif
    void* library = dlopen(path.c_str(), flags);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return library;
}

[[noreturn]] void throwFailure(const Failure& failure) {
    base::Error error(static_cast<base::ErrorKind>(failure.kind), "%s", failure.message);
    if (failure.detail[0] != 0) {
        error.withDetail("%s", failure.detail);
    }
    if (failure.hint[0] != 0) {
        error.withHint("%s", failure.hint);
    }
    throw error;
}

void checkFailure(const Failure& failure) {
    if (failure.failed) {
        throwFailure(failure);
    }
}

Waiter* newWaiter(MemoryContext context) {
    return pg::makeIn<Waiter>(context);
}

// Closes with the context.
void closeWith(MemoryContext context, MemoryContextCallback* callback,
               MemoryContextCallbackFunction function, void* handle) {
    callback->func = function;
    callback->arg = handle;
    MemoryContextRegisterResetCallback(context, callback);
}

}  // namespace

const ModuleTable& module() {
    if (loaded != nullptr) {
        return *loaded;
    }
    const std::string path = modulePath();
    void* library = loadLibrary(path);
    if (library == nullptr) {
        const char* why = dlerror();
        base::Error error(base::ErrorKind::Unsupported, "this server has no archive module");
        error.withDetail("%s", why == nullptr ? path.c_str() : why);
        error.withHint(
            "Install footfall_archive (package postgresql-footfall-archive, or build with Arrow "
            "C++ "
            "and libcurl).");
        throw error;
    }
    const auto function = reinterpret_cast<ModuleFunction>(dlsym(library, kModuleFunction));
    const ModuleTable* table =
        function == nullptr ? nullptr : function(kModuleVersion, sizeof(ModuleTable));
    if (table == nullptr) {
        base::Error error(base::ErrorKind::Unsupported,
                          "footfall_archive.so and footfall.so are of different versions");
        error.withHint("Install both from one build.");
        throw error;
    }
    loaded = table;
    return *loaded;
}

bool Waiter::poll(void* self) noexcept {
    auto* waiter = static_cast<Waiter*>(self);
    if (!INTERRUPTS_PENDING_CONDITION()) {
        return true;
    }
    try {
        pg::callPostgres([] { CHECK_FOR_INTERRUPTS(); });
        return true;
    } catch (...) {
        waiter->interrupt_ = std::current_exception();
        return false;
    }
}

void Waiter::check(const Failure& failure) {
    if (interrupt_ != nullptr) {
        std::rethrow_exception(std::exchange(interrupt_, nullptr));
    }
    checkFailure(failure);
}

int64 Reader::checksums() const {
    uint64 hash = 0;
    for (const ArchivedGroup& group : groups()) {
        const uint64 parts[] = {
            hash, group.rows,
            base::hashBytes(group.checksums.data(),
                            group.checksums.size() * sizeof(group.checksums[0]))};
        hash = base::hashBytes(parts, sizeof(parts));
    }
    return static_cast<int64>(hash == 0 ? 1 : hash);
}

void Reader::read(uint32_t group, std::span<const uint32_t> wanted, vector::Column* columns) {
    Failure failure;
    module().readGroup(handle_, group, wanted.data(), static_cast<uint32_t>(wanted.size()), columns,
                       &failure);
    waiter_->check(failure);
}

Reader* Reader::openFile(MemoryContext context, int descriptor, const std::string& shown) {
    auto* resource = pg::makeIn<pg::ContextResource>(context, context);
    auto* self = pg::makeIn<Reader>(context);
    self->waiter_ = newWaiter(context);
    Failure failure;
    self->handle_ =
        module().openFileReader(descriptor, shown, self->waiter_->caller(), resource, &failure);
    self->waiter_->check(failure);
    closeWith(
        context, &self->close_,
        [](void* handle) { module().closeReader(static_cast<ReaderHandle*>(handle)); },
        self->handle_);
    return self;
}

std::vector<std::string> Log::keys() const {
    Failure failure;
    std::vector<std::string> keys;
    module().logKeys(handle_, &keys, &failure);
    waiter_->check(failure);
    return keys;
}

void Log::commit(const DeltaCommit& commit) {
    Failure failure;
    module().logCommit(handle_, commit, &failure);
    waiter_->check(failure);
}

Store* Store::open(MemoryContext context, const StoreRequest& request) {
    auto* self = pg::makeIn<Store>(context);
    self->context_ = context;
    self->waiter_ = newWaiter(context);
    Failure failure;
    self->handle_ = module().openStore(request, self->waiter_->caller(), &failure);
    self->waiter_->check(failure);
    closeWith(
        context, &self->close_,
        [](void* handle) { module().closeStore(static_cast<StoreHandle*>(handle)); },
        self->handle_);
    return self;
}

void Store::putFile(const std::string& key, int descriptor) {
    Failure failure;
    module().putFile(handle_, key, descriptor, &failure);
    waiter_->check(failure);
}

std::string Store::fetch(const std::string& key, uint64_t size, int descriptor) {
    Failure failure;
    char digest[65] = "";
    module().fetchObject(handle_, key, size, descriptor, digest, &failure);
    waiter_->check(failure);
    return digest;
}

ObjectFact Store::stat(const std::string& key) {
    Failure failure;
    ObjectFact fact = {};
    module().statObject(handle_, key, &fact, &failure);
    waiter_->check(failure);
    return fact;
}

void Store::remove(const std::string& key) {
    Failure failure;
    module().removeObject(handle_, key, &failure);
    waiter_->check(failure);
}

void Store::removeUnfinished(const std::string& key) {
    Failure failure;
    module().removeUnfinished(handle_, key, &failure);
    waiter_->check(failure);
}

std::vector<std::string> Store::list() {
    Failure failure;
    std::vector<std::string> keys;
    module().listObjects(handle_, &keys, &failure);
    waiter_->check(failure);
    return keys;
}

Reader* Store::openReader(MemoryContext context, const std::string& key, uint64_t size) {
    auto* resource = pg::makeIn<pg::ContextResource>(context, context);
    auto* reader = pg::makeIn<Reader>(context);
    reader->waiter_ = waiter_;
    Failure failure;
    reader->handle_ = module().openReader(handle_, key, size, resource, &failure);
    waiter_->check(failure);
    closeWith(
        context, &reader->close_,
        [](void* handle) { module().closeReader(static_cast<ReaderHandle*>(handle)); },
        reader->handle_);
    return reader;
}

Log* Store::openLog() {
    auto* log = pg::makeIn<Log>(context_);
    log->waiter_ = waiter_;
    Failure failure;
    log->handle_ = module().openLog(handle_, &failure);
    waiter_->check(failure);
    closeWith(
        context_, &log->close_,
        [](void* handle) { module().closeLog(static_cast<LogHandle*>(handle)); }, log->handle_);
    return log;
}

VacuumCounts Store::vacuum(Log* log, const VacuumRequest& request) {
    Failure failure;
    VacuumCounts counts = {};
    module().vacuum(handle_, log->handle_, request, &counts, &failure);
    waiter_->check(failure);
    return counts;
}

Writer* Writer::open(MemoryContext context, const std::vector<ArchivedColumn>& columns,
                     const std::vector<uint32_t>& sortKeys, int descriptor) {
    auto* resource = pg::makeIn<pg::ContextResource>(context, context);
    auto* self = pg::makeIn<Writer>(context);
    self->waiter_ = newWaiter(context);
    Failure failure;
    self->handle_ = module().openWriter(columns, sortKeys, descriptor, resource, &failure);
    self->waiter_->check(failure);
    closeWith(
        context, &self->close_,
        [](void* handle) { module().closeWriter(static_cast<WriterHandle*>(handle)); },
        self->handle_);
    return self;
}

void Writer::append(std::span<const vector::Column> columns) {
    Failure failure;
    module().appendGroup(handle_, columns.data(), static_cast<uint32_t>(columns.size()), &failure);
    waiter_->check(failure);
}

uint64_t Writer::finish() {
    Failure failure;
    const uint64_t size = module().finishFile(handle_, &failure);
    waiter_->check(failure);
    return size;
}

StoreKind kindOf(const ArchiveOptions& options) {
    Failure failure;
    StoreKind kind = StoreKind::Local;
    module().checkOptions(options, &kind, &failure);
    checkFailure(failure);
    return kind;
}

std::string digestOf(int descriptor) {
    Failure failure;
    char digest[65] = "";
    module().digestFile(descriptor, digest, &failure);
    checkFailure(failure);
    return digest;
}

std::string schemaOf(const std::vector<DeltaField>& fields) {
    Failure failure;
    std::string text;
    module().schemaOf(fields, &text, &failure);
    checkFailure(failure);
    return text;
}

std::string folderOf(const HiveValues& values) {
    Failure failure;
    std::string text;
    module().folderOf(values, &text, &failure);
    checkFailure(failure);
    return text;
}

std::string deltaTypeOf(const ArchivedColumn& column) {
    Failure failure;
    std::string text;
    module().deltaTypeOf(column, &text, &failure);
    checkFailure(failure);
    return text;
}

std::string newId() {
    Failure failure;
    std::string text;
    module().randomId(&text, &failure);
    checkFailure(failure);
    return text;
}

}  // namespace footfall::archive
