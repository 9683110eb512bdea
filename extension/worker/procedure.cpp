// See procedure.h.
#include "extension/worker/procedure.h"

namespace footfall::worker {

void requireOwnTransaction(FunctionCallInfo fcinfo, const char* what) {
    PreventCommandIfReadOnly(what);
    PreventCommandDuringRecovery(what);
    const bool atomic = fcinfo->context == nullptr || !IsA(fcinfo->context, CallContext) ||
                        castNode(CallContext, fcinfo->context)->atomic;
    if (atomic) {
        ereport(ERROR, (errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
                        errmsg("%s cannot run inside a transaction block", what),
                        errhint("It commits what it has done, step by step. Call it by itself.")));
    }
}

void beginOwnTransactions() {
    if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT) {
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("SPI_connect_ext failed")));
    }
    SPI_commit();
}

}  // namespace footfall::worker
