// VACUUM FULL: hot rows by the heap's own routine, segments by copying their TOAST values as they
// are.
//
// PostgreSQL swaps the TOAST relations by content afterwards, so value ids stay what the catalog
// rows say and those rows need no change. Segments that some snapshot may still see are copied,
// deleted or not. Fast defaults, which PostgreSQL forgets after the rewrite, are saved first.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::storage {

void copyForCluster(Relation oldTable, Relation newTable, Relation oldIndex, bool useSort,
                    TransactionId oldestXmin, TransactionId* xidCutoff, MultiXactId* multiCutoff,
                    double* tuples, double* vacuumed, double* recentlyDead);

const TableAmRoutine* tableRoutine();

// Whether the relation is a table of this access method.
inline bool isFootfallTable(Relation relation) {
    return relation->rd_tableam == tableRoutine();
}

}  // namespace footfall::storage
