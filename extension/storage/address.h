// Row addresses (TIDs): blocks below 2^31 are the hot heap's, blocks from 2^31 up address rows of
// segments.
//
// A segment has 512 virtual blocks of 256 rows each, so 2^22 - 1 segments fit; the very last number
// is left out because its blocks end in InvalidBlockNumber. A row keeps its address for as long as
// its segment lives.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

inline constexpr BlockNumber kFirstSealedBlock = BlockNumber{1} << 31;
inline constexpr int32 kRowsPerVirtualBlock = 256;
inline constexpr int32 kVirtualBlocksPerSegment = 512;

inline bool isSealedAddress(const ItemPointerData* tid) {
    return ItemPointerGetBlockNumberNoCheck(tid) >= kFirstSealedBlock &&
           ItemPointerGetBlockNumberNoCheck(tid) != InvalidBlockNumber;
}

inline void setSealedAddress(ItemPointer tid, int32 segment, int32 row) {
    ItemPointerSet(tid,
                   kFirstSealedBlock +
                       static_cast<BlockNumber>(segment) * kVirtualBlocksPerSegment +
                       static_cast<BlockNumber>(row / kRowsPerVirtualBlock),
                   static_cast<OffsetNumber>(row % kRowsPerVirtualBlock + 1));
}

inline int32 segmentOf(const ItemPointerData* tid) {
    return static_cast<int32>((ItemPointerGetBlockNumberNoCheck(tid) - kFirstSealedBlock) /
                              kVirtualBlocksPerSegment);
}

// -1 for an offset that no row has. May lie outside the segment: the address can come from a user's
// ctid constant.
inline int32 rowOf(const ItemPointerData* tid) {
    BlockNumber block =
        (ItemPointerGetBlockNumberNoCheck(tid) - kFirstSealedBlock) % kVirtualBlocksPerSegment;
    const auto offset = static_cast<int32>(ItemPointerGetOffsetNumberNoCheck(tid));
    if (offset < 1 || offset > kRowsPerVirtualBlock) {
        return -1;
    }
    return static_cast<int32>(block) * kRowsPerVirtualBlock + offset - 1;
}

}  // namespace footfall::storage
