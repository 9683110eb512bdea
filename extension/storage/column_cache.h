// Columns of archived segments, kept in local files, so that reading them again asks no store.
//
// What leaves the manifest leaves the cache: who removes an object from the manifest calls
// forgetCachedObject() after that is committed, and who has added a file looks at the manifest
// again afterwards, so one of the two sees the other. A standby keeps nothing.
//
// The idea: an archived object never changes, so what was decoded of it stays right. A file holds
// one column of one row group (engine/vector/column_image.h) and is named by the object's checksum,
// so it cannot be taken for another's, whatever is dropped, restored or numbered anew. All sessions
// share the files; a file appears whole, by renaming.
//
// They lie among PostgreSQL's temporary files (base/pgsql_tmp), where no base backup looks and
// which the server empties when it starts. Whoever adds a file removes those that were used longest
// ago, until all together are within footfall.archive_cache_size, and so does every session that
// reads archived rows after the setting has changed. A file that cannot be written or
// read is a line in the log and a request to the store, never an error.
#pragma once

#include "engine/vector/column.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

struct ColumnKey {
    std::string_view object;  // SHA-256 of the object, in hexadecimal
    int32 rowGroup;
    uint32_t column;  // its place in the object
};

// Both are called inside the engine. `into` is empty, of the column's type, and as it was when the
// answer is false: the column is not there.
bool readCachedColumn(const ColumnKey& key, vector::Column& into);
void cacheColumn(const ColumnKey& key, const vector::Column& values);

// Removes what is kept of an object. Not inside the engine.
void forgetCachedObject(std::string_view object);

}  // namespace footfall::storage
