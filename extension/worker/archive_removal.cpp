// See archive_removal.h.
#include "extension/worker/archive_removal.h"

#include "extension/module/settings.h"
#include "extension/worker/archive_plan.h"
#include "extension/worker/archive_step.h"
#include "extension/worker/archive_transfer.h"

namespace footfall::worker {

using catalog::ArchiveObject;
using catalog::ArchiveObjectList;

namespace {

// Objects of the archives of the relation's root that have left and that `wanted` says.
template <class Wanted>
void removeWhere(Oid relation, catalog::JobResult* result, Wanted&& wanted) {
    Run run = beginRun(relation, relation, result);
    ArchiveObjectList all = {};
    (void)step(run, true, [&] {
        run.root = rootOf(relation);
        all = catalog::listArchiveObjects(InvalidOid, true);
    });
    for (int i = 0; i < all.count && result->error == nullptr; i++) {
        CHECK_FOR_INTERRUPTS();
        const ArchiveObject& object = all.rows[i];
        if (!catalog::isLeft(object.state) || !wanted(object, run.root)) {
            continue;
        }
        constexpr bool kDurable = true;
        if (step(
                run, true, [&] { announceRemoval(object); }, kDurable) &&
            step(run, false, [&] { removeFromLog(accessNow(run, object), object); }) &&
            step(run, false, [&] { removeFromStore(accessNow(run, object), object); }) &&
            step(run, true, [&] { (void)forgetRemoved(object); })) {
            forgetObject(object);
        }
    }
    MemoryContextDelete(run.context);
}

}  // namespace

void announceRemoval(const ArchiveObject& object) {
    const ArchiveObjectList now = catalog::listArchiveObjects(object.storage);
    for (int i = 0; i < now.count; i++) {
        if (now.rows[i].id == object.id) {
            catalog::countAttempt(now.rows[i]);
        }
    }
}

void removeFromStore(const archive::Access& access, const ArchiveObject& object) {
    module::failpoint("archive_before_remove");
    removeObject(access, object);
    module::failpoint("archive_after_remove");
}

bool forgetRemoved(const ArchiveObject& object) {
    const ArchiveObjectList now = catalog::listArchiveObjects(object.storage);
    for (int i = 0; i < now.count; i++) {
        // The table may have been dropped meanwhile, which moves the row.
        if (now.rows[i].id == object.id && catalog::isLeft(now.rows[i].state)) {
            catalog::removeArchiveObject(now.rows[i]);
            return true;
        }
    }
    return false;
}

void removeLeft(Oid relation, Oid leaf, catalog::JobResult* result) {
    removeWhere(relation, result, [&](const ArchiveObject& object, Oid root) {
        // What the table wrote when it was another's partition is its own all the same.
        return OidIsValid(leaf) ? object.relation == leaf
                                : object.root == root && get_rel_relkind(object.relation) == '\0';
    });
}

void removeLeftBefore(Oid relation, TimestampTz before, catalog::JobResult* result) {
    removeWhere(relation, result, [&](const ArchiveObject& object, Oid root) {
        return object.root == root && object.changedAt < before;
    });
}

}  // namespace footfall::worker
