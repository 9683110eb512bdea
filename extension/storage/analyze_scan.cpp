// ANALYZE over both stores.
//
// PostgreSQL samples heap blocks and extrapolates from what they hold, so each heap block also
// stands for an equal share of the segments' batches: block b of B stands for batches [b*N/B,
// (b+1)*N/B). All of them count as live rows; when there are very many rows, batches and heap rows
// are delivered to the sample at one common rate.
#include "extension/storage/scan.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/slot.h"

namespace footfall::storage {

namespace {

// Rows that the sampler is shown at most, about; it keeps 30,000 at the default statistics target.
constexpr double kRowsShown = 1000000;

int32 batchesOf(const catalog::SegmentRow& row) {
    return static_cast<int32>((row.rows + static_cast<int32>(segment::kBlockRows) - 1) /
                              static_cast<int32>(segment::kBlockRows));
}

double fraction(FootfallScan* scan) {
    return sampler_random_fract(&scan->random);
}

void start(FootfallScan* scan) {
    if (scan->analyzeStarted) {
        return;
    }
    scan->analyzeStarted = true;
    listScanSegments(scan);
    double rows = 0;
    for (int i = 0; i < scan->segments.count; i++) {
        scan->sealedBatches += batchesOf(scan->segments.rows[i]);
        rows += scan->segments.rows[i].rows;
    }
    rows += 100.0 * reinterpret_cast<HeapScanDesc>(scan->hot)->rs_nblocks;
    scan->analyzeRate = rows > kRowsShown ? kRowsShown / rows : 1.0;
    sampler_random_init_state(static_cast<uint32>(MyProcPid), &scan->random);
}

void beginBlock(FootfallScan* scan) {
    auto* heap = reinterpret_cast<HeapScanDesc>(scan->hot);
    const int64 block = heap->rs_cblock;
    const int64 blocks = Max(heap->rs_nblocks, 1);
    scan->analyzeSealed = false;
    scan->nextBatch = block * scan->sealedBatches / blocks;
    scan->endBatch = (block + 1) * scan->sealedBatches / blocks;
    scan->open = false;
}

// Opens the batch `nextBatch`; sets scan->row to just before its first row.
void openBatch(FootfallScan* scan, TupleTableSlot* slot) {
    int64 rest = scan->nextBatch;
    int index = 0;
    while (rest >= batchesOf(scan->segments.rows[index])) {
        rest -= batchesOf(scan->segments.rows[index]);
        index++;
    }
    if (scan->segment == nullptr || scan->index != index || !scan->open) {
        openScanSegment(scan, index, slot, true);
    }
    scan->row = static_cast<int32>(rest) * static_cast<int32>(segment::kBlockRows) - 1;
}

}  // namespace

#if PG_VERSION_NUM >= 170000
bool scanAnalyzeNextBlock(TableScanDesc base, ReadStream* stream) {
    FootfallScan* scan = scanState(base);
    start(scan);
    if (!heapRoutine()->scan_analyze_next_block(scan->hot, stream)) {
        return false;
    }
    beginBlock(scan);
    return true;
}
#else
bool scanAnalyzeNextBlock(TableScanDesc base, BlockNumber block, BufferAccessStrategy strategy) {
    FootfallScan* scan = scanState(base);
    start(scan);
    if (!heapRoutine()->scan_analyze_next_block(scan->hot, block, strategy)) {
        return false;
    }
    beginBlock(scan);
    return true;
}
#endif

bool scanAnalyzeNextTuple(TableScanDesc base, TransactionId oldestXmin, double* liveRows,
                          double* deadRows, TupleTableSlot* slot) {
    FootfallScan* scan = scanState(base);
    while (!scan->analyzeSealed) {
        HeapLoan loan(slot);
        bool found =
            heapRoutine()->scan_analyze_next_tuple(scan->hot, oldestXmin, liveRows, deadRows, slot);
        loan.end();
        if (!found) {
            scan->analyzeSealed = true;
            scan->row = -1;
        } else if (scan->analyzeRate >= 1.0 || fraction(scan) < scan->analyzeRate) {
            return true;
        }
    }
    constexpr int32 kBatch = static_cast<int32>(segment::kBlockRows);
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        // Inside a batch that is being delivered?
        if (scan->open && scan->row >= 0 && (scan->row + 1) % kBatch != 0 &&
            scan->row + 1 < scan->segment->rows()) {
            scan->row++;
        } else if (scan->nextBatch < scan->endBatch) {
            openBatch(scan, slot);
            scan->nextBatch++;
            const int32 first = scan->row + 1;
            const int32 rows = Min(kBatch, scan->segment->rows() - first);
            int32 live = rows;
            for (int32 r = first; r < first + rows; r++) {
                live -= scan->segment->isDeleted(r) ? 1 : 0;
            }
            *liveRows += live;
            *deadRows += rows - live;
            if (scan->analyzeRate < 1.0 && fraction(scan) >= scan->analyzeRate) {
                scan->row = -1;
                continue;
            }
            scan->row = first;
        } else {
            ExecClearTuple(slot);
            scan->open = false;
            return false;
        }
        if (!scan->segment->isDeleted(scan->row)) {
            storeSealedRow(slot, scan->segment, scan->row);
            return true;
        }
    }
}

}  // namespace footfall::storage
