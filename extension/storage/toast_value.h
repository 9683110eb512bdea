// A segment's bytes as values of the table's TOAST relation.
//
// A value belongs to one catalog row: nothing is shared between two rows, so that whoever removes a
// row removes its values, and VACUUM FULL can copy row by row.
#pragma once

#include "extension/catalog/segment_row.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

// Bytes of a TOAST value whose length is known, 8-byte aligned, in `context`.
std::span<const std::byte> fetchToastValue(Oid toastRelation, Oid valueId, uint32 bytes,
                                           MemoryContext context);

// Part of a TOAST value of `bytes` bytes, from `offset` on.
void fetchToastSlice(Oid toastRelation, Oid valueId, uint32 bytes, uint32 offset,
                     std::span<std::byte> into);

// Saves bytes as a TOAST value of the relation; returns its id. Not logically decoded.
Oid saveToastValue(Relation relation, std::span<const std::byte> bytes, MemoryContext scratch);

// Deletes the values that a catalog row names; older snapshots go on reading them.
void deleteToastValues(Relation relation, const catalog::SegmentRow& row);

// Lengths of a catalog row's values: those of its columns, then that of its index.
uint32* valueLengths(const catalog::SegmentRow& row);

}  // namespace footfall::storage
