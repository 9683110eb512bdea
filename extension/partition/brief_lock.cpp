// See brief_lock.h.
#include "extension/partition/brief_lock.h"

#include "extension/pg/subtransaction.h"

namespace footfall::partition {

namespace {

constexpr int kTries = 10;
constexpr long kPauseMilliseconds = 200;

void pause() {
    (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kPauseMilliseconds,
                    PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
}

}  // namespace

void lockBriefly(Oid relation, LOCKMODE mode) {
    for (int attempt = 1; !ConditionalLockRelationOid(relation, mode); attempt++) {
        ErrorData* failure = pg::trySubtransaction([&] { LockRelationOid(relation, mode); });
        if (failure == nullptr) {
            break;
        }
        if (failure->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE &&
            failure->sqlerrcode != ERRCODE_T_R_DEADLOCK_DETECTED) {
            ReThrowError(failure);
        }
        FreeErrorData(failure);
        if (attempt == kTries) {
            char* name = get_rel_name(relation);
            ereport(ERROR,
                    (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                     errmsg("could not lock \"%s\" within a moment", name == nullptr ? "?" : name),
                     errhint("It is in use by a long transaction. Try again later; "
                             "background jobs do.")));
        }
        pause();
    }
    // It may have gone while we waited.
    if (get_rel_relkind(relation) == '\0') {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("relation with OID %u does not exist any more", relation)));
    }
}

}  // namespace footfall::partition
