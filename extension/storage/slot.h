// The slot of footfall tables: a buffer heap tuple slot that can also show a row of an open
// segment.
//
// Hot rows are stored exactly as in TTSOpsBufferHeapTuple, whose functions do the work; heap
// routines insist on that type, so calls into them run inside HeapSlot, which lends the slot to the
// heap. A sealed row is a pointer to a SealedSegment and a row number: attributes are decoded only
// up to the one that is asked for, straight from the segment's batch. It is valid until the scan
// moves on; materialising turns it into an ordinary heap tuple with a frozen xmin.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

class SealedSegment;

extern const TupleTableSlotOps* const kSlotOps;

bool isFootfallSlot(const TupleTableSlot* slot);

// Shows row `row` of the open segment in `slot`, which must be a footfall slot.
void storeSealedRow(TupleTableSlot* slot, SealedSegment* segment, int32 row);

// Copies row `row` of the open segment into a slot of any type; the slot no longer needs the
// segment.
void storeSealedRowCopy(TupleTableSlot* slot, SealedSegment* segment, int32 row);

// Lends a footfall slot to heap code until end(); a slot of another type is left alone. When an
// ERROR jumps over the end, the slot stays an ordinary heap slot, which is what it then holds.
class HeapLoan {
  public:
    explicit HeapLoan(TupleTableSlot* slot);
    void end();

  private:
    TupleTableSlot* lent_;
};

}  // namespace footfall::storage
