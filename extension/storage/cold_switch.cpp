// See cold_switch.h.
#include "extension/storage/cold_switch.h"

#include <cstring>

#include "extension/catalog/segment_lock.h"
#include "extension/catalog/segment_row.h"
#include "extension/module/settings.h"
#include "extension/storage/toast_value.h"

namespace footfall::storage {

namespace {

bool lockAll(Oid storage, const catalog::ArchiveObject& object) {
    for (int i = 0; i < object.segmentCount; i++) {
        if (!catalog::lockSegment(storage, object.segments[i], AccessExclusiveLock, false)) {
            return false;
        }
    }
    return true;
}

catalog::SegmentRow copyOf(const catalog::SegmentRow& row) {
    catalog::SegmentRow copy = row;
    copy.valueIds =
        static_cast<Oid*>(palloc0(sizeof(Oid) * static_cast<Size>(Max(row.columns, 1))));
    return copy;
}

// The place of an attribute among the object's columns.
uint32_t placeOf(const catalog::ArchiveObject& object, int16 attribute, uint32_t columns) {
    for (int i = 0; i < object.attributeCount; i++) {
        if (object.attributes[i] == attribute && static_cast<uint32_t>(i) < columns) {
            return static_cast<uint32_t>(i);
        }
    }
    base::throwCorrupt("archived object \"%s\" lacks a column of its segment", object.key);
}

// What a cold segment's rows are as a local segment. Everything is in `context`.
segment::EncodedSegment* encodeRows(const catalog::ArchiveObject& object,
                                    const catalog::SegmentRow& row, archive::Reader* file,
                                    MemoryContext context) {
    segment::EncodedSegment* encoded = nullptr;
    pg::enterEngine([&] {
        auto* resource = pg::makeIn<pg::ContextResource>(context, context);
        const std::span<const std::byte> bytes(
            reinterpret_cast<const std::byte*>(VARDATA_ANY(row.meta)), VARSIZE_ANY_EXHDR(row.meta));
        const segment::SegmentMeta meta = segment::SegmentMeta::parse(bytes, resource);
        std::vector<uint32_t> wanted;
        std::vector<vector::Column> columns;
        for (int c = 0; c < row.columns; c++) {
            wanted.push_back(
                placeOf(object, row.attributes[c], static_cast<uint32_t>(file->columns().size())));
            columns.emplace_back(meta.column(static_cast<uint32_t>(c)).type, resource);
        }
        file->read(static_cast<uint32_t>(row.rowGroup), wanted, columns.data());
        for (int c = 0; c < row.columns; c++) {
            const auto& column = columns[static_cast<std::size_t>(c)];
            if (column.size() != static_cast<uint32_t>(row.rows) ||
                column.type() != meta.column(static_cast<uint32_t>(c)).type) {
                base::throwCorrupt("archived object \"%s\" differs from segment %d", object.key,
                                   row.number);
            }
        }
        const std::vector<uint32_t> keys(meta.sortKeys().begin(), meta.sortKeys().end());
        segment::EncodeOptions options;
        options.effort = static_cast<int>(row.level);
        options.sortKeys = keys;
        options.bloomColumns = keys;
        encoded = pg::makeIn<segment::EncodedSegment>(
            context, segment::encodeSegment(columns, options, resource));
    });
    return encoded;
}

bytea* storedMeta(const segment::SegmentMeta& meta, MemoryContext context) {
    bytea* result = nullptr;
    pg::enterEngine([&] {
        pg::ContextResource resource(context);
        std::pmr::vector<std::byte> bytes(&resource);
        meta.serialize(bytes);
        result = static_cast<bytea*>(resource.allocate(bytes.size() + VARHDRSZ, MAXIMUM_ALIGNOF));
        SET_VARSIZE(result, bytes.size() + VARHDRSZ);
        memcpy(VARDATA(result), bytes.data(), bytes.size());
    });
    return result;
}

void bringBack(Relation relation, const catalog::ArchiveObject& object,
               const catalog::SegmentRow& row, const segment::EncodedSegment* encoded,
               MemoryContext scratch, CommandId cid) {
    catalog::SegmentRow local = copyOf(row);
    local.archiveObject = 0;
    local.rowGroup = 0;
    local.storedBytes = 0;
    local.meta = storedMeta(encoded->meta, scratch);
    for (int c = 0; c < row.columns; c++) {
        CHECK_FOR_INTERRUPTS();
        const auto& chunk = encoded->chunks[static_cast<std::size_t>(c)];
        local.valueIds[c] = chunk.empty() ? InvalidOid : saveToastValue(relation, chunk, scratch);
        local.storedBytes += static_cast<int64>(chunk.size());
    }
    local.indexValue = InvalidOid;
    local.indexBytes = static_cast<int32>(encoded->index.size());
    if (!encoded->index.empty()) {
        local.indexValue = saveToastValue(relation, encoded->index, scratch);
        local.storedBytes += local.indexBytes;
    }
    catalog::moveSegment(object.storage, false, row, local, cid);
    deleteToastValues(relation, row);
}

// The lists of values that belong to the old row and to the new are apart, so that each can go by
// itself.
void goCold(Relation relation, const catalog::ArchiveObject& object, int group,
            const catalog::SegmentRow& row, MemoryContext scratch, CommandId cid) {
    catalog::SegmentRow cold = copyOf(row);
    cold.archiveObject = object.id;
    cold.rowGroup = group;
    if (OidIsValid(row.indexValue)) {
        cold.indexValue =
            saveToastValue(relation,
                           fetchToastValue(object.storage, row.indexValue,
                                           static_cast<uint32>(row.indexBytes), scratch),
                           scratch);
    }
    catalog::moveSegment(object.storage, false, row, cold, cid);
    deleteToastValues(relation, row);
}

}  // namespace

SwitchResult makeCold(Relation relation, const catalog::ArchiveObject& object) {
    if (!lockAll(object.storage, object)) {
        return SwitchResult::Busy;
    }
    const auto count = static_cast<Size>(Max(object.segmentCount, 1));
    auto* rows = static_cast<catalog::SegmentRow*>(palloc(sizeof(catalog::SegmentRow) * count));
    PushActiveSnapshot(GetLatestSnapshot());
    for (int i = 0; i < object.segmentCount; i++) {
        if (!catalog::findSegment(object.storage, false, object.segments[i], GetActiveSnapshot(),
                                  &rows[i]) ||
            rows[i].isCold() || catalog::fingerprintOf(rows[i]) != object.fingerprints[i]) {
            PopActiveSnapshot();
            return SwitchResult::Stale;
        }
    }
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall cold switch", ALLOCSET_DEFAULT_SIZES);
    const CommandId cid = GetCurrentCommandId(true);
    for (int i = 0; i < object.segmentCount; i++) {
        CHECK_FOR_INTERRUPTS();
        goCold(relation, object, i, rows[i], scratch, cid);
        MemoryContextReset(scratch);
        module::failpoint("archive_during_switch");
    }
    MemoryContextDelete(scratch);
    PopActiveSnapshot();
    CommandCounterIncrement();
    return SwitchResult::Done;
}

LocalCopy* encodeObject(const catalog::ArchiveObject& object, archive::Reader* file) {
    auto* copies = static_cast<LocalCopy*>(
        palloc0(sizeof(LocalCopy) * static_cast<Size>(Max(object.segmentCount, 1))));
    for (int i = 0; i < object.segmentCount; i++) {
        CHECK_FOR_INTERRUPTS();
        catalog::SegmentRow row;
        if (catalog::findSegment(object.storage, false, object.segments[i], GetActiveSnapshot(),
                                 &row) &&
            row.archiveObject == object.id) {
            copies[i] = {object.id, row.rows, encodeRows(object, row, file, CurrentMemoryContext)};
        }
    }
    return copies;
}

SwitchResult makeLocal(Relation relation, const catalog::ArchiveObject& object,
                       const LocalCopy* copies) {
    if (!lockAll(object.storage, object)) {
        return SwitchResult::Busy;
    }
    PushActiveSnapshot(GetLatestSnapshot());
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall cold switch", ALLOCSET_DEFAULT_SIZES);
    const CommandId cid = GetCurrentCommandId(true);
    for (int i = 0; i < object.segmentCount; i++) {
        CHECK_FOR_INTERRUPTS();
        catalog::SegmentRow row;
        if (!catalog::findSegment(object.storage, false, object.segments[i], GetActiveSnapshot(),
                                  &row) ||
            row.archiveObject != object.id) {
            continue;
        }
        if (copies[i].archiveObject != object.id || copies[i].rows != row.rows) {
            ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                            errmsg("segment %d has changed meanwhile", row.number)));
        }
        bringBack(relation, object, row, copies[i].encoded, scratch, cid);
        MemoryContextReset(scratch);
        module::failpoint("unarchive_during_switch");
    }
    MemoryContextDelete(scratch);
    PopActiveSnapshot();
    CommandCounterIncrement();
    return SwitchResult::Done;
}

}  // namespace footfall::storage
