// Archived objects that this transaction reads: where they are, and an open reader for each of the
// last few.
//
// Opening one costs a request or two for its footer, and a store its connections; so both are kept
// until the transaction ends. Whatever fails closes them all: a connection or reader that was left
// in the middle of an answer is not used again. Who reads is the table's owner, whoever asks
// (archive/server.h).
#pragma once

#include "extension/archive/module.h"
#include "extension/catalog/archive_object.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

// What the manifest says of an object; lives as long as the transaction at most. Not inside the
// engine. Raises XX001 where the manifest lacks it.
const catalog::ArchiveObject& archivedObject(Oid table, Oid storage, int64 id);

// All rows of columns `wanted` (places in the object) of a row group, appended to `into`: empty
// columns of the types that are expected. Inside the engine; throws CorruptData and what the store
// throws.
void readArchivedColumns(Oid table, Oid storage, int64 id, int32 rowGroup,
                         std::span<const uint32_t> wanted, std::span<vector::Column*> into);

// Reads the whole object and compares it with the manifest's SHA-256. Inside the engine; throws as
// above.
void verifyArchivedObject(Oid table, Oid storage, int64 id);

// Installs the transaction callback, once per backend.
void initArchivedObjects();

}  // namespace footfall::storage
