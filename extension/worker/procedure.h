// What procedures that end transactions have in common.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::worker {

// An ERROR unless the call may end its transaction: not inside a block, nor on a standby.
void requireOwnTransaction(FunctionCallInfo fcinfo, const char* what);

// Connects to SPI and ends the CALL's own transaction, snapshot included. What is allocated from
// now on in the current context outlives transactions; SPI_finish() is the caller's.
void beginOwnTransactions();

}  // namespace footfall::worker
