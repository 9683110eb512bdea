// What a scan may skip: comparisons of columns with values known at its start.
//
// A filter only rules out blocks of sealed rows in which no row can match (zone maps, block maps,
// bloom filters); rows that are left are checked by the executor. It is never needed for a right
// answer.
#pragma once

#include "engine/segment/segment_reader.h"
#include "extension/pg/pg.h"

namespace footfall::storage {

enum class Comparison : int { Less, LessEqual, Equal, GreaterEqual, Greater };

// column <comparison> value, or with several values column = ANY (values).
struct ScanPredicate {
    int attribute;  // 0-based
    Comparison comparison;
    int valueCount;  // 0: matches nothing (a NULL value)
    segment::Scalar* values;
};

struct ScanFilter {
    int predicateCount;
    ScanPredicate* predicates;
    // What happened, for EXPLAIN.
    int64 segmentsRead;
    int64 segmentsPruned;
    int64 blocksRead;
    int64 blocksPruned;
};

// Installs the filter; it must live as long as the scan, or until the next one. Before the first
// row.
void setScanFilter(TableScanDesc scan, ScanFilter* filter);

// The sealed row that the last scanGetNextSlot returned; nullptr when it was a hot row.
class SealedSegment;
SealedSegment* currentSealedRow(TableScanDesc scan, int32* row);

}  // namespace footfall::storage
