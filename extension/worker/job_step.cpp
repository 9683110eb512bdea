// See job_step.h.
#include "extension/worker/job_step.h"

#include "extension/module/settings.h"

namespace footfall::worker {

namespace {

bool unattended = false;

}  // namespace

void setUnattended() {
    unattended = true;
}

bool isUnattended() {
    return unattended;
}

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

void commitDurably() {
    if (synchronous_commit < SYNCHRONOUS_COMMIT_REMOTE_FLUSH) {
        (void)set_config_option("synchronous_commit", "on", PGC_USERSET, PGC_S_SESSION,
                                GUC_ACTION_LOCAL, true, 0, false);
    }
    ForceSyncCommit();
}

Oid requireStepOwner(Oid relation) {
    const Oid owner = partition::ownerOf(relation);
    if (!has_privs_of_role(GetUserId(), owner)) {
        aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation)),
                       get_rel_name(relation));
    }
    if (unattended && superuser_arg(owner) && !module::superuserJobs) {
        ereport(
            ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
             errmsg("background workers do not run jobs as superuser \"%s\"",
                    GetUserNameFromId(owner, false)),
             errhint("Give the table to a role that is no superuser (it need not be able to log "
                     "in), set footfall.superuser_jobs = on, or CALL footfall.run_jobs().")));
    }
    return owner;
}

}  // namespace footfall::worker
