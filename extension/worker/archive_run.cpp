// See archive_run.h.
#include "extension/worker/archive_run.h"

#include <cstring>

#include "extension/archive/module.h"
#include "extension/catalog/segment_row.h"
#include "extension/catalog/tombstone.h"
#include "extension/catalog/tombstone_space.h"
#include "extension/module/settings.h"
#include "extension/partition/table_owner.h"
#include "extension/storage/cold_switch.h"
#include "extension/worker/archive_plan.h"
#include "extension/worker/archive_step.h"
#include "extension/worker/archive_transfer.h"
#include "extension/worker/leaf_step.h"

namespace footfall::worker {

namespace {

using catalog::ArchiveObject;
using catalog::ArchiveObjectList;
using catalog::ObjectState;

// Tries to get hold of segments that somebody is changing, and the pause between them.
constexpr int kSwitchTries = 20;
constexpr long kSwitchPauseMicros = 100000;

// The object as it is now; false when it is gone or another table's.
bool findNow(const Run& run, int64 id, ArchiveObject* object) {
    if (get_rel_relkind(run.leaf) != RELKIND_RELATION) {
        return false;
    }
    Relation leaf = table_open(run.leaf, AccessShareLock);
    const ArchiveObjectList list = catalog::listArchiveObjects(catalog::storageOf(leaf));
    table_close(leaf, NoLock);
    for (int i = 0; i < list.count; i++) {
        if (list.rows[i].id == id) {
            *object = list.rows[i];
            return true;
        }
    }
    return false;
}

// A step that moves an object on, if it is still in the state it is expected in.
bool moveOn(Run& run, const ArchiveObject& from, ArchiveObject* to) {
    bool moved = false;
    return step(run, true,
                [&] {
                    ArchiveObject now;
                    if (findNow(run, from.id, &now) && now.state == from.state) {
                        to->tid = now.tid;
                        catalog::changeArchiveObject(*to);
                        moved = true;
                    }
                }) &&
           moved;
}

bool moveOn(Run& run, ArchiveObject* object, ObjectState state) {
    ArchiveObject changed = *object;
    changed.state = state;
    const bool moved = moveOn(run, *object, &changed);
    *object = changed;
    return moved;
}

// An object that nobody will read: out of the log. It stays in the store for those who read older
// versions, until footfall.archive_vacuum.
bool leave(Run& run, ArchiveObject* object) {
    if (object->state != ObjectState::Leaving && !moveOn(run, object, ObjectState::Leaving)) {
        return false;
    }
    module::failpoint("archive_before_leaving");
    return step(run, false, [&] { removeFromLog(accessNow(run, *object), *object); });
}

// planned → uploaded. False after an error, or when the object has left.
bool upload(Run& run, ArchiveObject* object) {
    SpooledObject spooled = {};
    bool whole = false;
    if (!step(run, true, [&] {
            Relation leaf = table_open(run.leaf, AccessShareLock);
            whole = spoolObject(leaf, *object, run.context, &spooled);
            table_close(leaf, NoLock);
        })) {
        return false;
    }
    if (!whole) {
        (void)leave(run, object);
        return false;
    }
    if (!step(run, false, [&] { uploadObject(accessNow(run, *object), *object, spooled); })) {
        return false;
    }
    ArchiveObject uploaded = *object;
    uploaded.state = ObjectState::Uploaded;
    uploaded.bytes = spooled.bytes;
    uploaded.sha256 = spooled.sha256;
    uploaded.checksums = spooled.checksums;
    uploaded.verifiedAt = GetCurrentTimestamp();
    uploaded.attempt++;
    if (!moveOn(run, *object, &uploaded)) {
        return false;
    }
    *object = uploaded;
    module::failpoint("archive_after_uploaded");
    return true;
}

// uploaded → committed.
bool commitToLog(Run& run, ArchiveObject* object) {
    char* table = nullptr;
    char* schema = nullptr;
    char* column = nullptr;
    char* name = nullptr;
    if (!step(run, true, [&] {
            Relation root = relation_open(run.root, AccessShareLock);
            table = pstrdup(RelationGetRelationName(root));
            schema = describeSchema(root);
            column = partitionColumnOf(root);
            relation_close(root, NoLock);
            name = get_rel_name(run.leaf);
        })) {
        return false;
    }
    if (!step(run, false, [&] {
            addToLog(accessNow(run, *object), *object, table, schema, column, name);
            module::failpoint("archive_after_commit");
        })) {
        return false;
    }
    return moveOn(run, object, ObjectState::Committed);
}

void pauseBriefly() {
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                    kSwitchPauseMicros / 1000, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
}

// A switch of the object's segments, tried until nobody is in its way; true when it is done.
template <class Switch>
storage::SwitchResult trySwitch(Run& run, ArchiveObject* object, ObjectState state,
                                Switch&& doSwitch) {
    storage::SwitchResult outcome = storage::SwitchResult::Busy;
    for (int attempt = 0; attempt < kSwitchTries && outcome == storage::SwitchResult::Busy;
         attempt++) {
        if (attempt > 0) {
            pauseBriefly();
        }
        if (!step(run, true, [&] {
                outcome = storage::SwitchResult::Stale;
                ArchiveObject now;
                if (!lockLeaf(run.leaf) || !findNow(run, object->id, &now) ||
                    now.state != object->state) {
                    return;
                }
                Relation leaf = table_open(run.leaf, NoLock);
                outcome = doSwitch(leaf);
                if (outcome == storage::SwitchResult::Done) {
                    now.state = state;
                    catalog::changeArchiveObject(now);
                    *object = now;
                    module::failpoint("archive_before_switched");
                }
                table_close(leaf, NoLock);
            })) {
            return storage::SwitchResult::Busy;
        }
    }
    if (outcome == storage::SwitchResult::Busy && run.result->error == nullptr) {
        (void)step(run, false, [&] {
            ereport(ERROR,
                    (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                     errmsg("rows of table \"%s\" are being changed", get_rel_name(run.leaf)),
                     errdetail("Their segments could not be moved between the database and the "
                               "archive."),
                     errhint("Try again later; the next run goes on from here.")));
        });
    }
    return outcome;
}

// Whatever the object's state is, on to switched.
void archiveObject(Run& run, ArchiveObject* object) {
    if (catalog::isLeft(object->state)) {
        (void)leave(run, object);
        return;
    }
    if (object->state == ObjectState::Planned && !upload(run, object)) {
        return;
    }
    if (object->state == ObjectState::Uploaded && !commitToLog(run, object)) {
        return;
    }
    module::failpoint("archive_after_committed");
    switch (trySwitch(run, object, ObjectState::Switched,
                      [&](Relation leaf) { return storage::makeCold(leaf, *object); })) {
        case storage::SwitchResult::Done:
            run.result->rows += object->rows;
            run.result->bytes += object->bytes;
            break;
        case storage::SwitchResult::Stale:
            (void)leave(run, object);
            break;
        case storage::SwitchResult::Busy:
            break;
    }
}

// switched → `state`, or out of what was begun.
void bringBackObject(Run& run, ArchiveObject* object, ObjectState state) {
    if (object->state != ObjectState::Switched) {
        if (object->state != state) {
            (void)leave(run, object);
        }
        return;
    }
    archive::SpoolFile* file = nullptr;
    if (!step(run, false, [&] {
            file = downloadObject(accessNow(run, *object), *object, run.context);
            module::failpoint("unarchive_after_download");
        })) {
        return;
    }
    const storage::LocalCopy* copies = nullptr;
    if (!step(run, true, [&] {
            archive::Reader* reader = nullptr;
            pg::enterEngine([&] {
                reader = archive::Reader::openFile(run.context, file->descriptor(), object->key);
            });
            copies = storage::encodeObject(*object, reader);
        })) {
        return;
    }
    if (trySwitch(run, object, state, [&](Relation leaf) {
            return storage::makeLocal(leaf, *object, copies);
        }) == storage::SwitchResult::Done) {
        run.result->rows += object->rows;
        run.result->bytes += object->bytes;
        if (state == ObjectState::Leaving) {
            (void)leave(run, object);
        }
    }
}

// The leaf's objects that `wanted` says, each by itself, until one fails.
template <class Wanted, class Work>
void forEachObject(Run& run, Wanted&& wanted, Work&& work) {
    ArchiveObjectList list = {};
    if (!step(run, true, [&] {
            if (lockLeaf(run.leaf)) {
                Relation leaf = table_open(run.leaf, NoLock);
                list = catalog::listArchiveObjects(catalog::storageOf(leaf));
                table_close(leaf, NoLock);
            }
        })) {
        return;
    }
    MemoryContext all = run.context;
    for (int i = 0; i < list.count && run.result->error == nullptr; i++) {
        CHECK_FOR_INTERRUPTS();
        if (!wanted(list.rows[i])) {
            continue;
        }
        run.context =
            AllocSetContextCreate(all, "footfall archived object", ALLOCSET_DEFAULT_SIZES);
        work(&list.rows[i]);
        MemoryContextDelete(run.context);
        run.context = all;
    }
}

// Seals and compacts what is local. False after an error, or when the table is gone.
bool prepareLeaf(Run& run, bool* busy = nullptr) {
    bool there = false;
    if (!step(run, true,
              [&] {
                  there = lockLeaf(run.leaf);
                  if (there) {
                      (void)functions::sealTable(run.leaf);
                  }
              }) ||
        !there) {
        return false;
    }
    CompactionRun compaction = {run.relation, run.result, false};
    functions::compactInSteps(run.leaf, compactionStepOfJob, &compaction);
    if (busy != nullptr) {
        *busy = compaction.busy;
    }
    return run.result->error == nullptr;
}

// Chooses the place of the table's objects, which for the first of them asks the store.
bool choosePlace(Run& run, const char* server, ArchivePlace* place) {
    if (!step(run, true, [&] { *place = placeOf(run.root, server); })) {
        return false;
    }
    if (place->known) {
        return true;
    }
    bool taken = false;
    if (!step(run, false, [&] {
            taken = folderIsTaken(archive::accessOf(server, partition::ownerOf(run.leaf)),
                                  place->folder, place->log);
        })) {
        return false;
    }
    if (taken) {
        MemoryContext previous = MemoryContextSwitchTo(run.context);
        avoidFolder(place);
        MemoryContextSwitchTo(previous);
    }
    return true;
}

// Local bytes go as soon as nobody sees them any more: those of the segments, and the hot rows'.
// The indexes that stay were written behind them, and move to the front. False when somebody else's
// lock was in the way of a part.
bool giveBackSpace(Run& run) {
    CompactionRun compaction = {run.relation, run.result, false};
    if (compactionStepOfJob(run.leaf, functions::Step::Vacuum, &compaction) ==
        functions::Outcome::Nothing) {
        return !compaction.busy;
    }
    functions::giveBackInSteps(run.leaf, compactionStepOfJob, &compaction);
    (void)step(run, false, [&] {
        if (lockLeaf(run.leaf)) {
            Relation leaf = table_open(run.leaf, NoLock);
            catalog::vacuumNow(leaf);
            table_close(leaf, NoLock);
        }
    });
    return !compaction.busy;
}

}  // namespace

void archiveLeaf(Oid relation, Oid leaf, const char* server, catalog::JobResult* result) {
    Run run = beginRun(relation, leaf, result);
    ArchivePlace place = {};
    bool permanent = false;
    // The server is asked for first: nothing is sealed for a place that is not there.
    if (step(run, false,
             [&] {
                 run.root = rootOf(leaf);
                 permanent = get_rel_persistence(leaf) == RELPERSISTENCE_PERMANENT;
                 (void)archive::accessOf(server, partition::ownerOf(leaf));
                 pg::enterEngine([] { (void)archive::module(); });
             }) &&
        permanent && prepareLeaf(run) && choosePlace(run, server, &place) && step(run, true, [&] {
            if (lockLeaf(run.leaf)) {
                Relation table = table_open(run.leaf, NoLock);
                (void)planObjects(table, place);
                table_close(table, NoLock);
            }
        })) {
        module::failpoint("archive_after_plan");
        forEachObject(
            run, [](const ArchiveObject& object) { return object.state != ObjectState::Switched; },
            [&](ArchiveObject* object) { archiveObject(run, object); });
        if (result->error == nullptr) {
            (void)giveBackSpace(run);
        }
    }
    MemoryContextDelete(run.context);
}

bool compactLeaf(Oid relation, Oid leaf, catalog::JobResult* result) {
    Run run = beginRun(relation, leaf, result);
    bool busy = true;
    for (int attempt = 0; attempt < kSwitchTries && busy; attempt++) {
        if (attempt > 0) {
            pauseBriefly();
        }
        if (!prepareLeaf(run, &busy)) {
            busy = false;
        } else if (!busy) {
            busy = !giveBackSpace(run);
        }
    }
    if (busy) {
        (void)step(run, false, [&] {
            ereport(ERROR,
                    (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                     errmsg("table \"%s\" could not be vacuumed", get_rel_name(run.leaf)),
                     errdetail("Somebody else holds a lock on it or its TOAST relation; deleted "
                               "rows may still be there."),
                     errhint("Try again later.")));
        });
    }
    MemoryContextDelete(run.context);
    return result->error == nullptr;
}

void lockLeafJob(Oid leaf, catalog::JobResult* result) {
    if (!catalog::tryLockJob(leaf, kArchiveNumber)) {
        (void)failed(result, runStep(leaf, false, [&] {
                         ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                                         errmsg("another session is archiving table \"%s\"",
                                                get_rel_name(leaf)),
                                         errhint("Try again later.")));
                     }));
    }
}

EraseWork eraseWork(Oid leaf, catalog::JobResult* result) {
    Run run = beginRun(leaf, leaf, result);
    EraseWork work = {NIL, true};
    MemoryContext caller = MemoryContextGetParent(run.context);
    (void)step(run, true, [&] {
        if (!lockLeaf(leaf)) {
            return;
        }
        Relation table = table_open(leaf, NoLock);
        const Oid storage = catalog::storageOf(table);
        work.onlyArchived = RelationGetNumberOfBlocks(table) <= 1;
        const ArchiveObjectList objects = catalog::listArchiveObjects(storage);
        const catalog::SegmentList segments =
            catalog::listSegments(storage, false, GetActiveSnapshot());
        table_close(table, NoLock);
        for (int i = 0; i < segments.count && work.onlyArchived; i++) {
            bool known = segments.rows[i].isCold();
            for (int o = 0; o < objects.count && !known; o++) {
                for (int s = 0; s < objects.rows[o].segmentCount && !known; s++) {
                    known = objects.rows[o].state != ObjectState::Leaving &&
                            objects.rows[o].segments[s] == segments.rows[i].number;
                }
            }
            work.onlyArchived = known;
        }
        for (int o = 0; o < objects.count; o++) {
            work.onlyArchived |= objects.rows[o].state == ObjectState::Returning;
        }
        MemoryContext previous = MemoryContextSwitchTo(caller);
        const ArchiveObject* newest = nullptr;
        for (int o = 0; o < objects.count; o++) {
            const ArchiveObject& object = objects.rows[o];
            bool there = false;
            ListCell* cell;
            foreach (cell, work.servers) {
                there = there || strcmp(static_cast<char*>(lfirst(cell)), object.server) == 0;
            }
            if (!there) {
                work.servers = lappend(work.servers, pstrdup(object.server));
            }
            if (object.state == ObjectState::Returning &&
                (newest == nullptr || newest->changedAt < object.changedAt)) {
                newest = &object;
            }
        }
        ListCell* cell;
        foreach (cell, work.servers) {
            if (newest != nullptr &&
                strcmp(static_cast<char*>(lfirst(cell)), newest->server) == 0) {
                char* server = static_cast<char*>(lfirst(cell));
                work.servers = lcons(server, foreach_delete_current(work.servers, cell));
                break;
            }
        }
        MemoryContextSwitchTo(previous);
    });
    MemoryContextDelete(run.context);
    return work;
}

void unarchiveDeleted(Oid leaf, const char* server, bool again, catalog::JobResult* result) {
    Run run = beginRun(leaf, leaf, result);
    forEachObject(
        run,
        [&](const ArchiveObject& object) {
            if (strcmp(object.server, server) != 0) {
                return false;
            }
            bool deleted = false;
            (void)step(run, true, [&] {
                for (int i = 0; i < object.segmentCount && !deleted; i++) {
                    catalog::SegmentRow row;
                    int32 count = 0;
                    if (catalog::findSegment(object.storage, false, object.segments[i],
                                             GetActiveSnapshot(), &row)) {
                        (void)catalog::deletedRows(object.storage, false, row.number, row.rows,
                                                   GetActiveSnapshot(), &count);
                    }
                    deleted = count > 0;
                }
            });
            return deleted || object.state != ObjectState::Switched;
        },
        [&](ArchiveObject* object) {
            bringBackObject(run, object, again ? ObjectState::Returning : ObjectState::Leaving);
        });
    MemoryContextDelete(run.context);
}

void unarchiveLeaf(Oid relation, Oid leaf, catalog::JobResult* result) {
    Run run = beginRun(relation, leaf, result);
    forEachObject(
        run, [](const ArchiveObject&) { return true; },
        [&](ArchiveObject* object) { bringBackObject(run, object, ObjectState::Leaving); });
    MemoryContextDelete(run.context);
}

}  // namespace footfall::worker
