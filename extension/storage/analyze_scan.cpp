// ANALYZE over both stores.
//
// PostgreSQL samples heap blocks and extrapolates from what they hold, so each heap block also
// stands for an equal share of the segments' batches: block b of B stands for batches [b*N/B,
// (b+1)*N/B). All of them count as live rows; when there are very many rows, batches and heap rows
// are delivered to the sample at one common rate.
//
// Autovacuum's ANALYZE comes by itself, so it asks no archive for what is known without: where most
// rows are local, they stand for the cold ones; where most are cold, the statistics stay as they
// are, and only where there are none a few cold segments are read. ANALYZE by hand reads all.
#include "extension/catalog/tombstone.h"
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

// Cold segments that autovacuum reads at most, of a table without statistics.
constexpr int kColdShown = 4;

bool hasStatistics(Relation relation) {
    TupleDesc descriptor = RelationGetDescr(relation);
    for (int i = 0; i < descriptor->natts; i++) {
        if (SearchSysCacheExists3(STATRELATTINH, ObjectIdGetDatum(RelationGetRelid(relation)),
                                  Int16GetDatum(static_cast<int16>(i + 1)), BoolGetDatum(false))) {
            return true;
        }
    }
    return false;
}

void countUnread(FootfallScan* scan, const catalog::SegmentRow& row) {
    Relation relation = scan->base.rs_rd;
    int32 deleted = 0;
    uint64* bitmap = catalog::deletedRows(catalog::storageOf(relation),
                                          catalog::usesUnlogged(relation->rd_rel->relpersistence),
                                          row.number, row.rows, scan->snapshot, &deleted);
    if (bitmap != nullptr) {
        pfree(bitmap);
    }
    scan->unreadLive += row.rows - deleted;
    scan->unreadDead += deleted;
}

// Takes segments that are not to be read off the list. `localRows` includes the hot ones, about.
void spareArchive(FootfallScan* scan, double localRows, double coldRows, int coldSegments) {
    const bool mostLocal = coldRows <= localRows;
    const bool keep = !mostLocal && hasStatistics(scan->base.rs_rd);
    const int shown = mostLocal || keep ? 0 : Min(kColdShown, coldSegments);
    double shownRows = 0;
    int left = 0;
    int cold = 0;
    for (int i = 0; i < scan->segments.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const catalog::SegmentRow& row = scan->segments.rows[i];
        // Evenly among them: the n-th of N is shown when it begins another of the shares.
        const bool read = row.isCold() ? int64{cold + 1} * shown / coldSegments >
                                             int64{cold} * shown / coldSegments
                                       : !keep;
        cold += row.isCold() ? 1 : 0;
        if (read) {
            shownRows += row.isCold() ? row.rows : 0;
            scan->segments.rows[left++] = row;
        } else {
            countUnread(scan, row);
        }
    }
    scan->segments.count = left;
    if (keep) {
        scan->analyzeRate = 0;
    } else if (shown > 0) {
        // The shown ones stand for all cold ones.
        scan->analyzeColdRate = Min(1.0, kRowsShown / shownRows);
        scan->analyzeRate = scan->analyzeColdRate * shownRows / coldRows;
    }
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
    double localRows = 100.0 * reinterpret_cast<HeapScanDesc>(scan->hot)->rs_nblocks;
    double coldRows = 0;
    int coldSegments = 0;
    for (int i = 0; i < scan->segments.count; i++) {
        const catalog::SegmentRow& row = scan->segments.rows[i];
        (row.isCold() ? coldRows : localRows) += row.rows;
        coldSegments += row.isCold() ? 1 : 0;
    }
    const double rows = localRows + coldRows;
    scan->analyzeRate = rows > kRowsShown ? kRowsShown / rows : 1.0;
    scan->analyzeColdRate = scan->analyzeRate;
    if (coldSegments > 0 && MyBackendType == B_AUTOVAC_WORKER) {
        spareArchive(scan, localRows, coldRows, coldSegments);
    }
    for (int i = 0; i < scan->segments.count; i++) {
        scan->sealedBatches += batchesOf(scan->segments.rows[i]);
    }
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

// Of rows that are counted and not read, those that the current heap block stands for.
double shareOfBlock(FootfallScan* scan, int64 rows) {
    auto* heap = reinterpret_cast<HeapScanDesc>(scan->hot);
    return static_cast<double>(rows) / Max(heap->rs_nblocks, 1);
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
            *liveRows += shareOfBlock(scan, scan->unreadLive);
            *deadRows += shareOfBlock(scan, scan->unreadDead);
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
            const double rate = scan->segments.rows[scan->index].isCold() ? scan->analyzeColdRate
                                                                          : scan->analyzeRate;
            if (rate < 1.0 && fraction(scan) >= rate) {
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
