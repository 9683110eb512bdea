// See archive_transfer.h.
#include "extension/worker/archive_transfer.h"

#include <cstring>
#include <set>

#include "extension/archive/module.h"
#include "extension/module/settings.h"
#include "extension/storage/column_cache.h"
#include "extension/storage/sealed_segment.h"

namespace footfall::worker {

namespace {

// Runs `body` with a context of its own, where what it opens is closed at the end.
template <class Body>
void withContext(const char* what, Body&& body) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall archive", ALLOCSET_DEFAULT_SIZES);
    MemoryContextSetIdentifier(context, what);
    // What names were looked up with must not hold back anybody's vacuum while we wait.
    InvalidateCatalogSnapshot();
    pg::withCleanup([&] { pg::enterEngine([&] { body(context); }); },
                    [&] { MemoryContextDelete(context); });
}

int64_t nowMillis() {
    return (GetCurrentTimestamp() + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY) /
           1000;
}

archive::Store* openStore(MemoryContext context, const archive::Access& access,
                          const char* folder) {
    return archive::Store::open(context, archive::requestOf(access, folder));
}

char* copyText(MemoryContext context, const std::string& text) {
    auto* copy =
        static_cast<char*>(MemoryContextAllocExtended(context, text.size() + 1, MCXT_ALLOC_NO_OOM));
    if (copy == nullptr) {
        throw std::bad_alloc();
    }
    memcpy(copy, text.c_str(), text.size() + 1);
    return copy;
}

[[noreturn]] void throwForeignLog(const archive::Access& access, const char* folder) {
    base::Error error(base::ErrorKind::BadArgument,
                      "the Delta table in folder \"%s\" of server \"%s\" is not this table's",
                      folder, access.server);
    error.withHint("Name a server with a location of its own.");
    throw error;
}

// All columns of a segment that is open, whole.
std::vector<vector::Column> readColumns(storage::SealedSegment* segment, int count,
                                        std::pmr::memory_resource* resource) {
    std::vector<vector::Column> columns;
    const auto rows = static_cast<uint32_t>(segment->rows());
    for (int c = 0; c < count; c++) {
        const auto place = static_cast<uint32_t>(c);
        columns.emplace_back(segment->meta().column(place).type, resource);
        columns.back().reserve(rows);
        for (uint32_t at = 0; at < rows; at += segment::kBlockRows) {
            segment->reader().append(place, at, std::min(segment::kBlockRows, rows - at),
                                     columns.back());
        }
    }
    return columns;
}

// What the segments' columns become.
std::vector<archive::ArchivedColumn> archivedColumns(const segment::SegmentMeta& meta,
                                                     const ColumnPlan* plans, int count) {
    std::vector<archive::ArchivedColumn> columns;
    columns.reserve(static_cast<std::size_t>(count));
    for (int c = 0; c < count; c++) {
        columns.push_back({plans[c].name, meta.column(static_cast<uint32_t>(c)).type,
                           plans[c].meaning, plans[c].precision, plans[c].scale});
    }
    return columns;
}

archive::DeltaAdd addOf(const catalog::ArchiveObject& object, const std::string& column,
                        const std::string& partition, int64_t nowMillis) {
    archive::DeltaAdd add;
    add.key = object.key;
    add.partitionValues[column] = partition;
    add.size = static_cast<uint64_t>(object.bytes);
    add.modifiedMillis = nowMillis;
    add.stats = "{\"numRecords\":" + std::to_string(object.rows) + "}";
    return add;
}

// Reads every column of every row group of a spooled file: each is compared with the checksum of
// what was written. Returns Reader::checksums().
int64 verifySpooled(int descriptor, const catalog::ArchiveObject& object) {
    int64 checksums = 0;
    withContext("verify", [&](MemoryContext context) {
        archive::Reader* reader =
            archive::Reader::openFile(context, descriptor, std::string("spooled ") + object.key);
        if (reader->groups().size() != static_cast<std::size_t>(object.segmentCount)) {
            base::throwCorrupt("a spooled file has another number of row groups");
        }
        pg::ContextResource resource(context);
        for (uint32_t group = 0; group < reader->groups().size(); group++) {
            // One after the other, so that a row group's columns are not all in memory.
            for (uint32_t column = 0; column < reader->columns().size(); column++) {
                vector::Column values(reader->columns()[column].stored, &resource);
                reader->read(group, {&column, 1}, &values);
            }
        }
        checksums = reader->checksums();
    });
    return checksums;
}

void spoolSegments(Relation leaf, const catalog::ArchiveObject& object,
                   const catalog::SegmentRow* rows, SpooledObject* spooled) {
    const ColumnPlan* plans = describeColumns(leaf, object);
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall spool", ALLOCSET_DEFAULT_SIZES);
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall spool", ALLOCSET_DEFAULT_SIZES);
    storage::SealedSegment* segment = storage::SealedSegment::create(leaf, RelationGetDescr(leaf));
    archive::Writer* writer = nullptr;
    for (int i = 0; i < object.segmentCount; i++) {
        CHECK_FOR_INTERRUPTS();
        segment->open(&rows[i], nullptr);
        pg::enterEngine([&] {
            pg::ContextResource resource(scratch);
            if (writer == nullptr) {
                const auto sorted = segment->meta().sortKeys();
                writer = archive::Writer::open(
                    context, archivedColumns(segment->meta(), plans, object.attributeCount),
                    {sorted.begin(), sorted.end()}, spooled->file->descriptor());
            }
            writer->append(readColumns(segment, object.attributeCount, &resource));
        });
        MemoryContextReset(scratch);
        spooled->file->charge();
    }
    segment->destroy();
    pg::enterEngine([&] { spooled->bytes = static_cast<int64>(writer->finish()); });
    spooled->file->charge();
    MemoryContextDelete(context);
    MemoryContextDelete(scratch);
}

}  // namespace

bool folderIsTaken(const archive::Access& access, const char* folder, const char* log) {
    bool taken = false;
    withContext("folder", [&](MemoryContext context) {
        archive::Log* there = openStore(context, access, folder)->openLog();
        taken = there->version() >= 0 && there->metadata()->id != log;
    });
    return taken;
}

bool spoolObject(Relation leaf, const catalog::ArchiveObject& object, MemoryContext context,
                 SpooledObject* spooled) {
    auto* rows = static_cast<catalog::SegmentRow*>(
        palloc(sizeof(catalog::SegmentRow) * static_cast<Size>(Max(object.segmentCount, 1))));
    for (int i = 0; i < object.segmentCount; i++) {
        if (!catalog::findSegment(object.storage, false, object.segments[i], GetActiveSnapshot(),
                                  &rows[i]) ||
            rows[i].isCold() || rows[i].columns != object.attributeCount ||
            catalog::fingerprintOf(rows[i]) != object.fingerprints[i]) {
            return false;
        }
    }
    spooled->file = archive::SpoolFile::create(context);
    spoolSegments(leaf, object, rows, spooled);
    module::failpoint("archive_after_spool");
    spooled->checksums = verifySpooled(spooled->file->descriptor(), object);
    pg::enterEngine([&] {
        spooled->sha256 = copyText(context, archive::digestOf(spooled->file->descriptor()));
    });
    return true;
}

void uploadObject(const archive::Access& access, const catalog::ArchiveObject& object,
                  const SpooledObject& spooled) {
    withContext("upload", [&](MemoryContext context) {
        archive::Store* store = openStore(context, access, object.folder);
        store->putFile(object.key, spooled.file->descriptor());
        pg::callPostgres([] { module::failpoint("archive_after_upload"); });
        const archive::ObjectFact fact = store->stat(object.key);
        if (!fact.found || fact.size != static_cast<uint64_t>(spooled.bytes) ||
            store->fetch(object.key, fact.size, -1) != spooled.sha256) {
            base::throwCorrupt("object \"%s%s\" on server \"%s\" is not what was uploaded",
                               object.folder, object.key, access.server);
        }
    });
}

archive::SpoolFile* downloadObject(const archive::Access& access,
                                   const catalog::ArchiveObject& object, MemoryContext context) {
    archive::SpoolFile* file = archive::SpoolFile::create(context);
    file->charge(object.bytes);
    withContext("download", [&](MemoryContext opened) {
        archive::Store* store = openStore(opened, access, object.folder);
        if (object.sha256 == nullptr ||
            store->fetch(object.key, static_cast<uint64_t>(object.bytes), file->descriptor()) !=
                object.sha256) {
            base::throwCorrupt("object \"%s%s\" on server \"%s\" does not match its checksum",
                               object.folder, object.key, access.server);
        }
    });
    return file;
}

void addToLog(const archive::Access& access, const catalog::ArchiveObject& object,
              const char* tableName, const char* schema, const char* partitionColumn,
              const char* partitionName) {
    withContext("log", [&](MemoryContext context) {
        archive::Log* log = openStore(context, access, object.folder)->openLog();
        archive::DeltaCommit commit;
        commit.timestampMillis = nowMillis();
        if (log->version() < 0) {
            commit.operation = "CREATE TABLE";
            commit.protocol = archive::DeltaProtocol{};
            archive::DeltaMetadata metadata;
            metadata.id = object.log;
            metadata.name = tableName;
            metadata.schema = schema;
            metadata.partitionColumns = {partitionColumn};
            metadata.createdMillis = commit.timestampMillis;
            commit.metadata = std::move(metadata);
            log->commit(commit);
            pg::callPostgres([] { module::failpoint("archive_after_create"); });
            commit.protocol.reset();
            commit.metadata.reset();
        }
        if (log->metadata()->id != object.log) {
            throwForeignLog(access, object.folder);
        }
        if (log->names(object.key)) {
            return;
        }
        if (log->metadata()->schema != schema) {
            archive::DeltaMetadata metadata = *log->metadata();
            metadata.schema = schema;
            commit.metadata = std::move(metadata);
        }
        commit.operation = "WRITE";
        commit.adds.push_back(
            addOf(object, partitionColumn, partitionName, commit.timestampMillis));
        log->commit(commit);
    });
}

void removeFromLog(const archive::Access& access, const catalog::ArchiveObject& object) {
    withContext("log", [&](MemoryContext context) {
        archive::Log* log = openStore(context, access, object.folder)->openLog();
        if (log->version() < 0 || log->metadata()->id != object.log || !log->names(object.key)) {
            return;
        }
        archive::DeltaCommit commit;
        commit.timestampMillis = nowMillis();
        commit.operation = "DELETE";
        commit.removes.push_back({object.key, commit.timestampMillis, true});
        log->commit(commit);
    });
}

void reconcileLog(const archive::Access& access, const char* folder, const char* logId,
                  const catalog::ArchiveObjectList& all, bool forgotten) {
    withContext("reconcile", [&](MemoryContext context) {
        archive::Store* store = openStore(context, access, folder);
        archive::Log* log = store->openLog();
        if (log->version() < 0 || log->metadata()->id != logId) {
            return;
        }
        archive::DeltaCommit commit;
        commit.timestampMillis = nowMillis();
        commit.operation = "WRITE";
        std::set<std::string> needed;
        std::set<std::string> known;
        for (int i = 0; i < all.count; i++) {
            const catalog::ArchiveObject& object = all.rows[i];
            if (strcmp(object.server, access.server) != 0 || strcmp(object.folder, folder) != 0) {
                continue;
            }
            known.emplace(object.key);
            if (catalog::isLeft(object.state)) {
                continue;
            }
            needed.emplace(object.key);
            if (object.state != catalog::ObjectState::Switched || log->names(object.key) ||
                log->metadata()->partitionColumns.empty()) {
                continue;
            }
            const archive::ObjectFact fact = store->stat(object.key);
            std::string partition;
            pg::callPostgres([&] {
                const char* name = get_rel_name(object.relation);
                partition = name == nullptr ? "" : name;
            });
            if (fact.found && fact.size == static_cast<uint64_t>(object.bytes)) {
                commit.adds.push_back(addOf(object, log->metadata()->partitionColumns.front(),
                                            partition, commit.timestampMillis));
            }
        }
        std::vector<std::string> unknown;
        for (const std::string& key : log->keys()) {
            if (!needed.contains(key)) {
                commit.removes.push_back({key, commit.timestampMillis, true});
                if (!known.contains(key)) {
                    unknown.push_back(key);
                }
            }
        }
        if (!commit.adds.empty() || !commit.removes.empty()) {
            log->commit(commit);
        }
        for (std::size_t i = 0; forgotten && i < unknown.size(); i++) {
            store->remove(unknown[i]);
        }
    });
}

int64 removeStrays(const archive::Access& access, const char* folder, const char* logId,
                   const catalog::ArchiveObjectList& all, int64 grace) {
    int64 removed = 0;
    withContext("vacuum", [&](MemoryContext context) {
        std::vector<std::string> keep;
        for (int i = 0; i < all.count; i++) {
            if (strcmp(all.rows[i].server, access.server) == 0 &&
                strcmp(all.rows[i].folder, folder) == 0) {
                keep.emplace_back(all.rows[i].key);
            }
        }
        archive::Store* store = openStore(context, access, folder);
        archive::Log* log = store->openLog();
        if (log->version() < 0 || log->metadata()->id != logId) {
            return;
        }
        const archive::VacuumRequest request = {nowMillis() * 1000 + 999, grace, &keep};
        removed = static_cast<int64>(store->vacuum(log, request).removed);
    });
    return removed;
}

void removeObject(const archive::Access& access, const catalog::ArchiveObject& object) {
    withContext("remove", [&](MemoryContext context) {
        archive::Store* store = openStore(context, access, object.folder);
        store->remove(object.key);
        store->removeUnfinished(object.key);
    });
}

void forgetObject(const catalog::ArchiveObject& object) {
    if (object.sha256 != nullptr) {
        storage::forgetCachedObject(object.sha256);
    }
}

}  // namespace footfall::worker
