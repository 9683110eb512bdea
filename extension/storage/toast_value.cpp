// See toast_value.h.
#include "extension/storage/toast_value.h"

#include <cstring>

#include "engine/segment/segment_meta.h"
#include "extension/pg/guard.h"
#include "extension/pg/memory.h"
#include "extension/storage/chunk_locator.h"
#include "extension/storage/toast_pages.h"

namespace footfall::storage {

namespace {

// Whether the bytes were read without PostgreSQL's routine.
bool readFast(Relation toast, Oid valueId, uint32 bytes, uint32 offset, std::span<std::byte> into) {
    // A damaged catalog row may say anything; PostgreSQL's routine reports it.
    if (into.empty() || bytes > MaxAllocSize || offset > bytes || into.size() > bytes - offset) {
        return false;
    }
#if PG_VERSION_NUM >= 180000
    Snapshot snapshot = get_toast_snapshot();
#else
    SnapshotData data;
    Snapshot snapshot = &data;
    init_toast_snapshot(snapshot);
#endif
    return isSmallSlice(into.size())
               ? readLocatedChunks(toast, valueId, bytes, offset, into, snapshot)
               : readToastPages(toast, valueId, bytes, offset, into, snapshot);
}

}  // namespace

std::span<const std::byte> fetchToastValue(Oid toastRelation, Oid valueId, uint32 bytes,
                                           MemoryContext context) {
    // The varlena header sits in the second half of an aligned word, so that the payload is
    // aligned.
    char* place = static_cast<char*>(MemoryContextAllocHuge(context, static_cast<Size>(bytes) + 8));
    auto* value = reinterpret_cast<struct varlena*>(place + 8 - VARHDRSZ);
    SET_VARSIZE(value, bytes + VARHDRSZ);
    if (bytes > 0) {
        Relation toast = table_open(toastRelation, AccessShareLock);
        table_relation_fetch_toast_slice(toast, valueId, static_cast<int32>(bytes), 0,
                                         static_cast<int32>(bytes), value);
        table_close(toast, AccessShareLock);
    }
    return {reinterpret_cast<const std::byte*>(place + 8), bytes};
}

void fetchToastSlice(Oid toastRelation, Oid valueId, uint32 bytes, uint32 offset,
                     std::span<std::byte> into) {
    if (!OidIsValid(valueId)) {
        ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                        errmsg("footfall's segment catalog names no value of TOAST relation %u",
                               toastRelation)));
    }
    Relation toast = table_open(toastRelation, AccessShareLock);
    if (!readFast(toast, valueId, bytes, offset, into)) {
        // The routine writes behind a varlena header that it never looks at.
        auto* value = reinterpret_cast<struct varlena*>(into.data() - VARHDRSZ);
        table_relation_fetch_toast_slice(toast, valueId, static_cast<int32>(bytes),
                                         static_cast<int32>(offset),
                                         static_cast<int32>(into.size()), value);
    }
    table_close(toast, AccessShareLock);
}

// Saves bytes as a TOAST value of the relation; returns its id.
Oid saveToastValue(Relation relation, std::span<const std::byte> bytes, MemoryContext scratch) {
    if (bytes.size() > MaxAllocSize - VARHDRSZ) {
        ereport(
            ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
             errmsg("a column of a segment of table \"%s\" does not fit into 1 GB",
                    RelationGetRelationName(relation)),
             errhint("Store values of hundreds of megabytes in a table of access method heap.")));
    }
    char* value = static_cast<char*>(MemoryContextAllocHuge(scratch, bytes.size() + VARHDRSZ));
    SET_VARSIZE(value, bytes.size() + VARHDRSZ);
    memcpy(VARDATA(value), bytes.data(), bytes.size());
    Datum saved =
        toast_save_datum(relation, PointerGetDatum(value), nullptr, HEAP_INSERT_NO_LOGICAL);
    struct varatt_external pointer;
    VARATT_EXTERNAL_GET_POINTER(pointer, DatumGetPointer(saved));
    pfree(DatumGetPointer(saved));
    pfree(value);
    return pointer.va_valueid;
}

void deleteToastValues(Relation relation, const catalog::SegmentRow& row) {
    for (int c = 0; c <= row.columns; c++) {
        const Oid valueId = c < row.columns ? row.valueIds[c] : row.indexValue;
        if (!OidIsValid(valueId)) {
            continue;
        }
        CHECK_FOR_INTERRUPTS();
        struct varatt_external pointer = {};
        pointer.va_rawsize = 1 + VARHDRSZ;
        VARATT_EXTERNAL_SET_SIZE_AND_COMPRESS_METHOD(pointer, 1, TOAST_PGLZ_COMPRESSION_ID);
        pointer.va_valueid = valueId;
        pointer.va_toastrelid = catalog::storageOf(relation);
        char external[TOAST_POINTER_SIZE];
        SET_VARTAG_EXTERNAL(external, VARTAG_ONDISK);
        memcpy(VARDATA_EXTERNAL(external), &pointer, sizeof(pointer));
        toast_delete_datum(relation, PointerGetDatum(external), false);
    }
}

uint32* valueLengths(const catalog::SegmentRow& row) {
    auto* lengths =
        static_cast<uint32*>(palloc(sizeof(uint32) * static_cast<Size>(row.columns + 1)));
    MemoryContext context = CurrentMemoryContext;
    uint32_t columns = 0;
    pg::enterEngine([&] {
        pg::ContextResource resource(context);
        std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(VARDATA_ANY(row.meta)),
                                         VARSIZE_ANY_EXHDR(row.meta));
        const segment::SegmentMeta meta = segment::SegmentMeta::parse(bytes, &resource);
        columns = meta.columnCount();
        for (uint32_t c = 0; c < columns && c < static_cast<uint32_t>(row.columns); c++) {
            lengths[c] = meta.column(c).chunkBytes;
        }
    });
    if (columns != static_cast<uint32_t>(row.columns)) {
        ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                        errmsg("segment %d: catalog row and segment header differ", row.number)));
    }
    lengths[row.columns] = static_cast<uint32>(row.indexBytes);
    return lengths;
}

}  // namespace footfall::storage
