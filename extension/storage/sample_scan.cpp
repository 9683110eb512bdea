// TABLESAMPLE over both stores: blocks 0 to n-1 are the heap's, the rest the virtual blocks of the
// segments in order.
//
// The heap's own routine asks the sampling method for a block; it is given a method that answers
// with the block already chosen here, so that the heap's page handling is the heap's.
#include "extension/storage/address.h"
#include "extension/storage/scan.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/slot.h"

namespace footfall::storage {

namespace {

BlockNumber chosenBlock = InvalidBlockNumber;

BlockNumber answerChosenBlock(SampleScanState*, BlockNumber) {
    return chosenBlock;
}

int32 virtualBlocks(const catalog::SegmentRow& row) {
    return (row.rows + kRowsPerVirtualBlock - 1) / kRowsPerVirtualBlock;
}

BlockNumber hotBlocks(FootfallScan* scan) {
    return reinterpret_cast<HeapScanDesc>(scan->hot)->rs_nblocks;
}

BlockNumber allBlocks(FootfallScan* scan) {
    BlockNumber blocks = hotBlocks(scan);
    for (int i = 0; i < scan->segments.count; i++) {
        blocks += static_cast<BlockNumber>(virtualBlocks(scan->segments.rows[i]));
    }
    return blocks;
}

// Segment and first row of a block beyond the heap's.
void locate(FootfallScan* scan, BlockNumber block, int* segment, int32* firstRow) {
    BlockNumber rest = block - hotBlocks(scan);
    int i = 0;
    while (rest >= static_cast<BlockNumber>(virtualBlocks(scan->segments.rows[i]))) {
        rest -= static_cast<BlockNumber>(virtualBlocks(scan->segments.rows[i]));
        i++;
    }
    *segment = i;
    *firstRow = static_cast<int32>(rest) * kRowsPerVirtualBlock;
}

}  // namespace

bool scanSampleNextBlock(TableScanDesc base, SampleScanState* state) {
    FootfallScan* scan = scanState(base);
    TsmRoutine* method = state->tsmroutine;
    listScanSegments(scan);
    const BlockNumber blocks = allBlocks(scan);
    if (blocks == 0) {
        return false;
    }
    if (method->NextSampleBlock != nullptr) {
        scan->sampleBlock = method->NextSampleBlock(state, blocks);
        if (!BlockNumberIsValid(scan->sampleBlock)) {
            return false;
        }
    } else {
        scan->sampleBlock = scan->sampleStarted ? scan->sampleBlock + 1 : 0;
        if (scan->sampleBlock >= blocks) {
            return false;
        }
    }
    scan->sampleStarted = true;
    scan->sampleSealed = scan->sampleBlock >= hotBlocks(scan);
    if (scan->sampleSealed) {
        return true;
    }
    TsmRoutine fixed = *method;
    fixed.NextSampleBlock = answerChosenBlock;
    SampleScanState lent = *state;
    lent.tsmroutine = &fixed;
    chosenBlock = scan->sampleBlock;
    return heapRoutine()->scan_sample_next_block(scan->hot, &lent);
}

bool scanSampleNextTuple(TableScanDesc base, SampleScanState* state, TupleTableSlot* slot) {
    FootfallScan* scan = scanState(base);
    if (!scan->sampleSealed) {
        HeapLoan loan(slot);
        bool found = heapRoutine()->scan_sample_next_tuple(scan->hot, state, slot);
        loan.end();
        return found;
    }
    int segment = 0;
    int32 firstRow = 0;
    locate(scan, scan->sampleBlock, &segment, &firstRow);
    if (!scan->open || scan->index != segment) {
        openScanSegment(scan, segment, slot, true);
    }
    const int32 last = Min(scan->segment->rows() - firstRow, kRowsPerVirtualBlock);
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        OffsetNumber offset = state->tsmroutine->NextSampleTuple(state, scan->sampleBlock,
                                                                 static_cast<OffsetNumber>(last));
        if (!OffsetNumberIsValid(offset)) {
            ExecClearTuple(slot);
            return false;
        }
        const int32 row = firstRow + static_cast<int32>(offset) - 1;
        if (!scan->segment->isDeleted(row)) {
            storeSealedRow(slot, scan->segment, row);
            return true;
        }
    }
}

}  // namespace footfall::storage
