// Reading long values of a TOAST relation page by page.
//
// The idea: the chunks of a value were written one after the other, so four of them stand side by
// side in a page, and the next ones in the page behind it. PostgreSQL's routine finds each by the
// index, pins its page and makes a tuple of it; this goes through a page once and takes all it has
// of the value. Where the chunks are not in a row, the index says where the next one is.
//
// A tuple counts only when it is visible, as PostgreSQL's routine would have it, and names the
// value and the chunk that comes next. What is missing or damaged is left to that routine to
// report. Locks: the caller's on the TOAST relation; a page's content lock while its tuples are
// looked at, and the pin while they are copied, which keeps them where they are.
#pragma once

#include <span>

#include "extension/pg/pg.h"

namespace footfall::storage {

// Fills `into` with the value's bytes from `offset` on, as table_relation_fetch_toast_slice does;
// false when some chunk was not found as it has to be.
bool readToastPages(Relation toast, Oid valueId, uint32 bytes, uint32 offset,
                    std::span<std::byte> into, Snapshot snapshot);

}  // namespace footfall::storage
