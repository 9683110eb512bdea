// See archive_folder.h.
#include "extension/worker/archive_folder.h"

#include <cstring>

#include "extension/partition/table_owner.h"
#include "extension/worker/archive_plan.h"
#include "extension/worker/archive_removal.h"
#include "extension/worker/archive_run.h"
#include "extension/worker/archive_transfer.h"
#include "extension/worker/job_step.h"
#include "extension/worker/leaf_step.h"

namespace footfall::worker {

namespace {

struct Folder {
    char* server;
    char* path;
    char* log;
};

List* addFolder(List* folders, char* server, char* path, char* log) {
    ListCell* cell;
    foreach (cell, folders) {
        const auto* known = static_cast<Folder*>(lfirst(cell));
        if (strcmp(known->server, server) == 0 && strcmp(known->path, path) == 0) {
            return folders;
        }
    }
    auto* folder = static_cast<Folder*>(palloc(sizeof(Folder)));
    *folder = {server, path, log};
    return lappend(folders, folder);
}

List* foldersOf(Oid root, const char* server) {
    List* folders = NIL;
    const catalog::ArchiveObjectList all = catalog::listArchiveObjects(InvalidOid, true);
    for (int i = 0; i < all.count; i++) {
        const catalog::ArchiveObject& object = all.rows[i];
        if (object.root == root && (server == nullptr || strcmp(object.server, server) == 0)) {
            folders = addFolder(folders, object.server, object.folder, object.log);
        }
    }
    if (server != nullptr) {
        const ArchivePlace place = placeOf(root, server);
        folders = addFolder(folders, place.server, place.folder, place.log);
    }
    return folders;
}

// A step for each folder: body(access, folder, manifest).
template <class Body>
void forEachFolder(Oid relation, const char* server, catalog::JobResult* result, Body&& body) {
    MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "footfall archive folders",
                                                  ALLOCSET_DEFAULT_SIZES);
    const auto step = [&](bool snapshot, auto&& work) {
        return !failed(result, runStep(relation, snapshot, [&] {
                           MemoryContext previous = MemoryContextSwitchTo(context);
                           work();
                           MemoryContextSwitchTo(previous);
                       }));
    };
    List* folders = NIL;
    bool good = step(true, [&] { folders = foldersOf(rootOf(relation), server); });
    ListCell* cell;
    foreach (cell, folders) {
        CHECK_FOR_INTERRUPTS();
        const auto* folder = static_cast<Folder*>(lfirst(cell));
        catalog::ArchiveObjectList all = {};
        good =
            good && step(true, [&] { all = catalog::listArchiveObjects(InvalidOid, true); }) &&
            step(false, [&] {
                body(archive::accessOf(folder->server, partition::ownerOf(relation)), *folder, all);
            });
    }
    MemoryContextDelete(context);
}

}  // namespace

void tidyLogs(Oid relation, const char* server, bool forgotten, catalog::JobResult* result) {
    forEachFolder(relation, server, result,
                  [&](const archive::Access& access, const Folder& folder,
                      const catalog::ArchiveObjectList& all) {
                      reconcileLog(access, folder.path, folder.log, all, forgotten);
                  });
}

void vacuumFolders(Oid relation, int64 grace, catalog::JobResult* result) {
    tidyLogs(relation, nullptr, false, result);
    if (result->error != nullptr) {
        return;
    }
    removeLeftBefore(relation, GetCurrentTimestamp() - grace, result);
    if (result->error != nullptr) {
        return;
    }
    forEachFolder(relation, nullptr, result,
                  [&](const archive::Access& access, const Folder& folder,
                      const catalog::ArchiveObjectList& all) {
                      (void)removeStrays(access, folder.path, folder.log, all, grace);
                  });
}

}  // namespace footfall::worker
