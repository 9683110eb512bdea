// Running something that may raise an ERROR, and going on after it.
//
// The subtransaction gives back what the ERROR left behind: locks, buffer pins, open relations,
// snapshots. Whoever asks decides which errors it can live with and raises the others again with
// ReThrowError.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::pg {

// Runs `body`, which owns nothing with a destructor, in a subtransaction of its own. Returns
// nullptr, or the ERROR it ended in, after the subtransaction was rolled back; the copy is in the
// current context. Not in parallel mode.
template <class Body>
ErrorData* trySubtransaction(Body&& body) {
    MemoryContext context = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    ErrorData* volatile failure = nullptr;
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(context);
    PG_TRY();
    {
        body();
        ReleaseCurrentSubTransaction();
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        failure = CopyErrorData();
        FlushErrorState();
        RollbackAndReleaseCurrentSubTransaction();
    }
    PG_END_TRY();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    return failure;
}

}  // namespace footfall::pg
