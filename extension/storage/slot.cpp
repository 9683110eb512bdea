// See slot.h.
#include "extension/storage/slot.h"

#include "extension/storage/address.h"
#include "extension/storage/sealed_segment.h"

namespace footfall::storage {

namespace {

struct FootfallSlot {
    BufferHeapTupleTableSlot heap;
    SealedSegment* segment;  // nullptr: a hot or materialised row, in `heap`
    int32 row;
};

const TupleTableSlotOps& heapOps() {
    return TTSOpsBufferHeapTuple;
}

FootfallSlot* cast(TupleTableSlot* slot) {
    return reinterpret_cast<FootfallSlot*>(slot);
}

void forgetSealed(TupleTableSlot* slot) {
    cast(slot)->segment = nullptr;
    slot->tts_nvalid = 0;
}

void slotInit(TupleTableSlot* slot) {
    heapOps().init(slot);
    cast(slot)->segment = nullptr;
}

void slotRelease(TupleTableSlot* slot) {
    heapOps().release(slot);
}

void slotClear(TupleTableSlot* slot) {
    cast(slot)->segment = nullptr;
    heapOps().clear(slot);
}

void slotGetSomeAttributes(TupleTableSlot* slot, int natts) {
    FootfallSlot* self = cast(slot);
    if (self->segment == nullptr) {
        heapOps().getsomeattrs(slot, natts);
        return;
    }
    for (int i = slot->tts_nvalid; i < natts; i++) {
        slot->tts_values[i] = self->segment->datum(i, self->row, &slot->tts_isnull[i]);
    }
    slot->tts_nvalid = static_cast<AttrNumber>(natts);
}

// What system columns a sealed row has: it is visible to whoever sees its segment, so its xmin is
// frozen.
Datum slotGetSystemAttribute(TupleTableSlot* slot, int attribute, bool* null) {
    if (cast(slot)->segment == nullptr) {
        return heapOps().getsysattr(slot, attribute, null);
    }
    *null = false;
    switch (attribute) {
        case MinTransactionIdAttributeNumber:
            return TransactionIdGetDatum(FrozenTransactionId);
        case MaxTransactionIdAttributeNumber:
            return TransactionIdGetDatum(InvalidTransactionId);
        case MinCommandIdAttributeNumber:
        case MaxCommandIdAttributeNumber:
            return CommandIdGetDatum(FirstCommandId);
        case TableOidAttributeNumber:
            return ObjectIdGetDatum(slot->tts_tableOid);
        case SelfItemPointerAttributeNumber:
            return PointerGetDatum(&slot->tts_tid);
        default:
            ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                            errmsg("unknown system column %d", attribute)));
    }
    pg_unreachable();
}

HeapTuple formTuple(TupleTableSlot* slot) {
    TupleDesc descriptor = slot->tts_tupleDescriptor;
    slotGetSomeAttributes(slot, descriptor->natts);
    HeapTuple tuple = heap_form_tuple(descriptor, slot->tts_values, slot->tts_isnull);
    HeapTupleHeaderSetXmin(tuple->t_data, FrozenTransactionId);
    HeapTupleHeaderSetCmin(tuple->t_data, FirstCommandId);
    HeapTupleHeaderSetXmax(tuple->t_data, InvalidTransactionId);
    tuple->t_data->t_infomask |= HEAP_XMIN_FROZEN | HEAP_XMAX_INVALID;
    tuple->t_self = slot->tts_tid;
    tuple->t_data->t_ctid = slot->tts_tid;
    tuple->t_tableOid = slot->tts_tableOid;
    return tuple;
}

void slotMaterialize(TupleTableSlot* slot) {
    FootfallSlot* self = cast(slot);
    if (self->segment == nullptr) {
        heapOps().materialize(slot);
        return;
    }
    MemoryContext previous = MemoryContextSwitchTo(slot->tts_mcxt);
    HeapTuple tuple = formTuple(slot);
    MemoryContextSwitchTo(previous);
    forgetSealed(slot);
    self->heap.base.tuple = tuple;
    self->heap.base.off = 0;
    self->heap.buffer = InvalidBuffer;
    slot->tts_flags |= TTS_FLAG_SHOULDFREE;
}

void slotCopy(TupleTableSlot* target, TupleTableSlot* source) {
    slotClear(target);
    heapOps().copyslot(target, source);
    // The heap's routine leaves these as they were when it copies the tuple's bytes.
    target->tts_tid = source->tts_tid;
    target->tts_tableOid = source->tts_tableOid;
}

HeapTuple slotGetHeapTuple(TupleTableSlot* slot) {
    if (cast(slot)->segment != nullptr) {
        slotMaterialize(slot);
    }
    return heapOps().get_heap_tuple(slot);
}

HeapTuple slotCopyHeapTuple(TupleTableSlot* slot) {
    return cast(slot)->segment != nullptr ? formTuple(slot) : heapOps().copy_heap_tuple(slot);
}

#if PG_VERSION_NUM >= 180000
MinimalTuple slotCopyMinimalTuple(TupleTableSlot* slot, Size extra) {
    if (cast(slot)->segment == nullptr) {
        return heapOps().copy_minimal_tuple(slot, extra);
    }
    slotGetSomeAttributes(slot, slot->tts_tupleDescriptor->natts);
    return heap_form_minimal_tuple(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull,
                                   extra);
}
#else
MinimalTuple slotCopyMinimalTuple(TupleTableSlot* slot) {
    if (cast(slot)->segment == nullptr) {
        return heapOps().copy_minimal_tuple(slot);
    }
    slotGetSomeAttributes(slot, slot->tts_tupleDescriptor->natts);
    return heap_form_minimal_tuple(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
}
#endif

#if PG_VERSION_NUM >= 170000
bool slotIsCurrentTransactionTuple(TupleTableSlot* slot) {
    return cast(slot)->segment == nullptr && heapOps().is_current_xact_tuple(slot);
}
#endif

TupleTableSlotOps makeOps() {
    TupleTableSlotOps ops = {};
    ops.base_slot_size = sizeof(FootfallSlot);
    ops.init = slotInit;
    ops.release = slotRelease;
    ops.clear = slotClear;
    ops.getsomeattrs = slotGetSomeAttributes;
    ops.getsysattr = slotGetSystemAttribute;
#if PG_VERSION_NUM >= 170000
    ops.is_current_xact_tuple = slotIsCurrentTransactionTuple;
#endif
    ops.materialize = slotMaterialize;
    ops.copyslot = slotCopy;
    ops.get_heap_tuple = slotGetHeapTuple;
    ops.get_minimal_tuple = nullptr;
    ops.copy_heap_tuple = slotCopyHeapTuple;
    ops.copy_minimal_tuple = slotCopyMinimalTuple;
    return ops;
}

const TupleTableSlotOps slotOps = makeOps();

void setOps(TupleTableSlot* slot, const TupleTableSlotOps* ops) {
    *const_cast<const TupleTableSlotOps**>(&slot->tts_ops) = ops;
}

}  // namespace

const TupleTableSlotOps* const kSlotOps = &slotOps;

bool isFootfallSlot(const TupleTableSlot* slot) {
    return slot->tts_ops == &slotOps;
}

void storeSealedRow(TupleTableSlot* slot, SealedSegment* segment, int32 row) {
    FootfallSlot* self = cast(slot);
    if (self->segment == nullptr) {
        ExecClearTuple(slot);
    }
    self->segment = segment;
    self->row = row;
    slot->tts_nvalid = 0;
    slot->tts_flags &= ~TTS_FLAG_EMPTY;
    slot->tts_tableOid = segment->table();
    setSealedAddress(&slot->tts_tid, segment->row().number, row);
}

void storeSealedRowCopy(TupleTableSlot* slot, SealedSegment* segment, int32 row) {
    if (isFootfallSlot(slot)) {
        storeSealedRow(slot, segment, row);
        slotMaterialize(slot);
        return;
    }
    TupleTableSlot* own = MakeSingleTupleTableSlot(segment->descriptor(), kSlotOps);
    storeSealedRow(own, segment, row);
    ExecForceStoreHeapTuple(formTuple(own), slot, true);
    slot->tts_tid = own->tts_tid;
    slot->tts_tableOid = own->tts_tableOid;
    ExecDropSingleTupleTableSlot(own);
}

HeapLoan::HeapLoan(TupleTableSlot* slot) : lent_(isFootfallSlot(slot) ? slot : nullptr) {
    if (lent_ != nullptr) {
        if (cast(lent_)->segment != nullptr) {
            ExecClearTuple(lent_);
        }
        setOps(lent_, &TTSOpsBufferHeapTuple);
    }
}

void HeapLoan::end() {
    if (lent_ != nullptr) {
        setOps(lent_, &slotOps);
    }
}

}  // namespace footfall::storage
