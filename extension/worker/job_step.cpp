// See job_step.h.
#include "extension/worker/job_step.h"

namespace footfall::worker {

void beginStep(bool snapshot) {
    // Nothing has been read in this transaction yet. A session's default may be another level.
    XactIsoLevel = XACT_READ_COMMITTED;
    if (snapshot) {
        PushActiveSnapshot(GetTransactionSnapshot());
    }
}

void endStep(bool snapshot) {
    if (snapshot) {
        PopActiveSnapshot();
    }
    SPI_commit();
}

Oid requireStepOwner(Oid relation) {
    const Oid owner = partition::ownerOf(relation);
    if (!has_privs_of_role(GetUserId(), owner)) {
        aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation)),
                       get_rel_name(relation));
    }
    return owner;
}

}  // namespace footfall::worker
