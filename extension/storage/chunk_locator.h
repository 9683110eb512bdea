// Reading a few chunks of a TOAST value without searching the TOAST index for them each time.
//
// The idea: a look-up reads one page of each of many values, and most of what that costs is the way
// through the index. So a session remembers where in the TOAST relation it met the chunks of a
// value, and in which buffers, and goes there directly, a page at a time. What it remembers is a
// hint: a buffer counts only when it holds the page, a tuple when it is visible and names the value
// and the chunk that are asked for, so that vacuum, VACUUM FULL or a value id that is used again
// can make a hint useless, never wrong. What hints cannot answer is left to PostgreSQL's own
// routine, which also reports what is damaged.
//
// Memory: one context below CacheMemoryContext, emptied when it has grown to a limit. Locks: the
// caller's on the TOAST relation, so that no block goes away between the check and the reading.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

// Whether a slice of this many bytes is worth being read by hints.
bool isSmallSlice(Size bytes);

// Fills `into` with the value's bytes from `offset` on, as table_relation_fetch_toast_slice does;
// false when the hints, renewed from the index, do not lead to all of its chunks.
bool readLocatedChunks(Relation toast, Oid valueId, uint32 bytes, uint32 offset,
                       std::span<std::byte> into, Snapshot snapshot);

}  // namespace footfall::storage
