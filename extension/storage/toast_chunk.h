// The tuples that a TOAST value's bytes are cut into, and the part of a value that is wanted.
#pragma once

#include <span>

#include "extension/pg/pg.h"

namespace footfall::storage {

inline constexpr uint32 kToastChunkBytes = TOAST_MAX_CHUNK_SIZE;

struct ToastSlice {
    Relation toast;
    Oid valueId;
    uint32 bytes;  // of the whole value
    uint32 offset;
    std::span<std::byte> into;  // not empty

    uint32 first() const { return offset / kToastChunkBytes; }
    uint32 last() const {
        return (offset + static_cast<uint32>(into.size()) - 1) / kToastChunkBytes;
    }
};

// Copies what the slice wants of the chunk, if that is what the tuple is.
bool copyChunk(const ToastSlice& slice, HeapTuple tuple, uint32 chunk);

// Begins a search for the chunks [first, last] of the slice's value, in their order.
class ToastSearch {
  public:
    ToastSearch(const ToastSlice& slice, uint32 first, uint32 last, Snapshot snapshot);
    // nullptr at the end.
    HeapTuple next() { return systable_getnext_ordered(scan_, ForwardScanDirection); }
    void end();

  private:
    Relation* indexes_ = nullptr;
    int count_ = 0;
    SysScanDesc scan_;
};

}  // namespace footfall::storage
