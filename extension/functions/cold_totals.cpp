// See cold_totals.h.
#include "extension/functions/cold_totals.h"

#include "extension/catalog/archive_object.h"
#include "extension/catalog/tombstone.h"

namespace footfall::functions {

namespace {

int compareNumbers(const void* a, const void* b) {
    const int64 left = *static_cast<const int64*>(a);
    const int64 right = *static_cast<const int64*>(b);
    return (left > right) - (left < right);
}

// The manifest's objects among `ids`, which several segments may share. An older snapshot may see
// segments of objects that have been removed: they have no bytes any more.
int64 bytesOf(Oid storage, int64* ids, int count) {
    qsort(ids, static_cast<size_t>(count), sizeof(int64), compareNumbers);
    int64 bytes = 0;
    const catalog::ArchiveObjectList objects = catalog::listArchiveObjects(storage);
    for (int i = 0; i < objects.count; i++) {
        if (bsearch(&objects.rows[i].id, ids, static_cast<size_t>(count), sizeof(int64),
                    compareNumbers) != nullptr) {
            bytes += objects.rows[i].bytes;
        }
    }
    return bytes;
}

}  // namespace

ColdTotals coldTotals(Oid storage, bool unlogged, const catalog::SegmentList& segments,
                      Snapshot snapshot) {
    ColdTotals totals = {};
    auto* ids =
        static_cast<int64*>(palloc(sizeof(int64) * static_cast<Size>(Max(segments.count, 1))));
    for (int i = 0; i < segments.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const catalog::SegmentRow& row = segments.rows[i];
        if (!row.isCold()) {
            continue;
        }
        int32 deleted = 0;
        uint64* bitmap =
            catalog::deletedRows(storage, unlogged, row.number, row.rows, snapshot, &deleted);
        if (bitmap != nullptr) {
            pfree(bitmap);
        }
        totals.rows += row.rows - deleted;
        totals.deleted += deleted;
        ids[totals.segments++] = row.archiveObject;
    }
    if (totals.segments > 0) {
        totals.bytes = bytesOf(storage, ids, static_cast<int>(totals.segments));
    }
    pfree(ids);
    return totals;
}

}  // namespace footfall::functions
