// See archived_objects.h.
#include "extension/storage/archived_objects.h"

#include "extension/archive/server.h"
#include "extension/pg/guard.h"

namespace footfall::storage {

namespace {

// A table is read object by object; two, so that two tables that are read in step do not thrash.
constexpr int kStores = 2;
constexpr int kObjects = 4;

struct OpenStore {
    MemoryContext context;  // nullptr: unused; its readers' are below it
    archive::Store* store;
    const char* server;
    const char* folder;
    Oid owner;
    uint64 lastUse;
};

struct OpenObject {
    MemoryContext context;  // nullptr: unused
    Oid storage;
    catalog::ArchiveObject object;
    archive::Reader* reader;      // or nullptr
    MemoryContext readerContext;  // below the store's
    OpenStore* store;             // of the reader
    uint64 lastUse;
};

OpenStore stores[kStores] = {};
OpenObject objects[kObjects] = {};
uint64 useCounter = 0;

void forgetAll(XactEvent event, void*) {
    switch (event) {
        case XACT_EVENT_COMMIT:
        case XACT_EVENT_PARALLEL_COMMIT:
        case XACT_EVENT_ABORT:
        case XACT_EVENT_PARALLEL_ABORT:
        case XACT_EVENT_PREPARE:
            // The contexts are TopTransactionContext's children, and close what is open.
            for (OpenStore& store : stores) {
                store = {};
            }
            for (OpenObject& object : objects) {
                object = {};
            }
            break;
        default:
            break;
    }
}

template <class Entry, int count>
Entry* oldest(Entry (&entries)[count]) {
    Entry* result = &entries[0];
    for (Entry& entry : entries) {
        if (entry.context == nullptr) {
            return &entry;
        }
        if (entry.lastUse < result->lastUse) {
            result = &entry;
        }
    }
    return result;
}

void closeStore(OpenStore* store) {
    MemoryContext context = store->context;
    for (OpenObject& object : objects) {
        if (object.store == store) {
            object.reader = nullptr;
            object.readerContext = nullptr;
            object.store = nullptr;
        }
    }
    *store = {};
    if (context != nullptr) {
        MemoryContextDelete(context);
    }
}

void closeAll() {
    for (OpenStore& store : stores) {
        closeStore(&store);
    }
}

Oid ownerOf(Oid table) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(tuple)) {
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table %u does not exist", table)));
    }
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

OpenObject* find(Oid table, Oid storage, int64 id) {
    for (OpenObject& entry : objects) {
        if (entry.context != nullptr && entry.storage == storage && entry.object.id == id) {
            entry.lastUse = ++useCounter;
            return &entry;
        }
    }
    OpenObject fresh = {};
    fresh.context = AllocSetContextCreate(TopTransactionContext, "footfall archived object",
                                          ALLOCSET_SMALL_SIZES);
    MemoryContext previous = MemoryContextSwitchTo(fresh.context);
    const bool found = catalog::findArchiveObject(storage, id, &fresh.object);
    MemoryContextSwitchTo(previous);
    if (!found) {
        ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                        errmsg("table \"%s\" has rows in archived object " INT64_FORMAT
                               ", of which the manifest knows nothing",
                               get_rel_name(table), id)));
    }
    fresh.storage = storage;
    fresh.lastUse = ++useCounter;
    OpenObject* place = oldest(objects);
    const OpenObject old = *place;
    *place = fresh;
    if (old.readerContext != nullptr) {
        MemoryContextDelete(old.readerContext);
    }
    if (old.context != nullptr) {
        MemoryContextDelete(old.context);
    }
    return place;
}

// Inside the engine.
OpenStore* storeOf(Oid table, const catalog::ArchiveObject& object) {
    Oid owner = InvalidOid;
    pg::callPostgres([&] { owner = ownerOf(table); });
    for (OpenStore& entry : stores) {
        if (entry.context != nullptr && entry.owner == owner &&
            strcmp(entry.server, object.server) == 0 && strcmp(entry.folder, object.folder) == 0) {
            entry.lastUse = ++useCounter;
            return &entry;
        }
    }
    OpenStore* place = oldest(stores);
    closeStore(place);
    archive::Access access = {};
    OpenStore fresh = {};
    pg::callPostgres([&] {
        fresh.context = AllocSetContextCreate(TopTransactionContext, "footfall open archive",
                                              ALLOCSET_DEFAULT_SIZES);
        MemoryContext previous = MemoryContextSwitchTo(fresh.context);
        access = archive::accessOf(object.server, owner);
        fresh.server = pstrdup(object.server);
        fresh.folder = pstrdup(object.folder);
        MemoryContextSwitchTo(previous);
    });
    fresh.owner = owner;
    fresh.store = archive::Store::open(fresh.context, archive::requestOf(access, object.folder));
    fresh.lastUse = ++useCounter;
    *place = fresh;
    return place;
}

archive::Reader* readerOf(Oid table, OpenObject* entry) {
    if (entry->reader == nullptr) {
        OpenStore* store = storeOf(table, entry->object);
        MemoryContext context = nullptr;
        pg::callPostgres([&] {
            context = AllocSetContextCreate(store->context, "footfall archived file",
                                            ALLOCSET_DEFAULT_SIZES);
        });
        entry->reader = store->store->openReader(context, entry->object.key,
                                                 static_cast<uint64_t>(entry->object.bytes));
        entry->readerContext = context;
        entry->store = store;
        // Each column is compared with its checksum in the footer; so the footer must be the one
        // that was written.
        if (entry->reader->checksums() != entry->object.checksums) {
            base::throwCorrupt("archived object \"%s\" is not what was archived",
                               entry->object.key);
        }
    }
    return entry->reader;
}

}  // namespace

const catalog::ArchiveObject& archivedObject(Oid table, Oid storage, int64 id) {
    return find(table, storage, id)->object;
}

void readArchivedColumns(Oid table, Oid storage, int64 id, int32 rowGroup,
                         std::span<const uint32_t> wanted, std::span<vector::Column*> into) {
    try {
        OpenObject* entry = nullptr;
        pg::callPostgres([&] { entry = find(table, storage, id); });
        archive::Reader* reader = readerOf(table, entry);
        std::vector<vector::Column> columns;
        for (size_t i = 0; i < wanted.size(); ++i) {
            columns.emplace_back(vector::ColumnType{}, std::pmr::new_delete_resource());
        }
        reader->read(static_cast<uint32_t>(rowGroup), wanted, columns.data());
        for (size_t i = 0; i < wanted.size(); ++i) {
            if (columns[i].type() != into[i]->type()) {
                base::throwCorrupt("archived object \"%s\" has column %u of another type",
                                   entry->object.key, wanted[i]);
            }
            into[i]->reserve(columns[i].size());
            into[i]->appendRange(columns[i], 0, columns[i].size());
        }
    } catch (...) {
        closeAll();
        throw;
    }
}

void verifyArchivedObject(Oid table, Oid storage, int64 id) {
    try {
        OpenObject* entry = nullptr;
        pg::callPostgres([&] { entry = find(table, storage, id); });
        const catalog::ArchiveObject& object = entry->object;
        if (storeOf(table, object)
                ->store->fetch(object.key, static_cast<uint64_t>(object.bytes), -1) !=
            object.sha256) {
            base::throwCorrupt("archived object \"%s\" does not match its SHA-256", object.key);
        }
    } catch (...) {
        closeAll();
        throw;
    }
}

void initArchivedObjects() {
    RegisterXactCallback(forgetAll, nullptr);
}

}  // namespace footfall::storage
