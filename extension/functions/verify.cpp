// footfall.verify(relation): checks tables as amcheck checks an index. A row per problem, none when
// all is well.
//
// The idea: everything is looked at under the snapshot of the query, each part in a subtransaction
// of its own, so that damage (XX001, XX002) becomes a row of the result and the check goes on; any
// other error ends it. Takes AccessShareLock, so readers, writers and the workers go on.
#include "engine/base/checksum.h"
#include "extension/catalog/catalog_scan.h"
#include "extension/catalog/segment_row.h"
#include "extension/catalog/tombstone.h"
#include "extension/functions/partitions.h"
#include "extension/pg/guard.h"
#include "extension/pg/subtransaction.h"
#include "extension/storage/archived_objects.h"
#include "extension/storage/scan_state.h"
#include "extension/storage/sealed_segment.h"
#include "extension/storage/toast_value.h"
#include "extension/storage/value.h"

namespace footfall::functions {

namespace {

constexpr int kNoSegment = -1;
// The last segment number that a TID can address.
constexpr int32 kLastNumber = (1 << 22) - 2;
// Hot blocks read in one subtransaction; after damage each block is read in its own.
constexpr BlockNumber kHotBatch = 256;

struct Check {
    ReturnSetInfo* result;
    Relation relation;
    Oid storage;
    bool unlogged;
    Snapshot snapshot;
    int64 problems;
    int64 tables;
    int64 segments;
    int64 sealedRows;
    int64 deletedRows;
    int64 hotRows;
    bool cold;  // the segment that is read is archived
};

const char* counted(int64 count, const char* noun) {
    return psprintf(INT64_FORMAT " %s%s", count, noun, count == 1 ? "" : "s");
}

void report(Check* check, int segment, const char* attribute, const char* problem) {
    NameData name = {};
    if (attribute != nullptr) {
        namestrcpy(&name, attribute);
    }
    Datum values[4] = {ObjectIdGetDatum(RelationGetRelid(check->relation)), Int32GetDatum(segment),
                       NameGetDatum(&name), CStringGetTextDatum(problem)};
    bool nulls[4] = {false, segment == kNoSegment, attribute == nullptr, false};
    tuplestore_putvalues(check->result->setResult, check->result->setDesc, values, nulls);
    check->problems++;
}

bool isDamage(const ErrorData* failure) {
    return failure->sqlerrcode == ERRCODE_DATA_CORRUPTED ||
           failure->sqlerrcode == ERRCODE_INDEX_CORRUPTED ||
           failure->sqlerrcode == ERRCODE_FEATURE_NOT_SUPPORTED;
}

// Of archived rows, an object that is not to be had is as good as damaged: the others are verified
// all the same.
bool isProblem(const Check* check, const ErrorData* failure) {
    return isDamage(failure) || (check->cold && failure->sqlerrcode == ERRCODE_IO_ERROR);
}

// Runs `body`; damage it meets becomes a row of the result, and false is returned.
template <class Body>
bool survive(Check* check, int segment, const char* attribute, const char* part, Body&& body) {
    ErrorData* failure = pg::trySubtransaction(body);
    if (failure == nullptr) {
        return true;
    }
    if (!isProblem(check, failure)) {
        ReThrowError(failure);
    }
    report(check, segment, attribute,
           part == nullptr ? failure->message : psprintf("%s: %s", part, failure->message));
    FreeErrorData(failure);
    return false;
}

// ---------------------------------------------------------------- segments

// Name of the attribute a chunk belongs to; nullptr for one that the table does not have.
const char* attributeName(Check* check, int16 attribute) {
    TupleDesc descriptor = RelationGetDescr(check->relation);
    return attribute >= 1 && attribute <= descriptor->natts
               ? NameStr(TupleDescAttr(descriptor, attribute - 1)->attname)
               : nullptr;
}

// What the catalog row says of itself.
void checkCatalogRow(Check* check, const catalog::SegmentRow& row) {
    if (row.number < 0 || row.number > kLastNumber) {
        report(check, row.number, nullptr, psprintf("number outside 0 to %d", kLastNumber));
    }
    if (row.rows < 1 || row.rows > static_cast<int32>(segment::kMaxRows)) {
        report(check, row.number, nullptr,
               psprintf("%d rows, a segment has 1 to %u", row.rows, segment::kMaxRows));
    }
    if (row.level < catalog::Level::Loaded || row.level > catalog::Level::Compacted) {
        report(check, row.number, nullptr,
               psprintf("unknown level %d", static_cast<int>(row.level)));
    }
    for (int c = 0; c < row.columns; c++) {
        if (attributeName(check, row.attributes[c]) == nullptr) {
            report(check, row.number, nullptr,
                   psprintf("a chunk belongs to attribute %d, the table has %d", row.attributes[c],
                            RelationGetDescr(check->relation)->natts));
        }
        for (int other = 0; other < c; other++) {
            if (row.attributes[other] == row.attributes[c]) {
                report(check, row.number, attributeName(check, row.attributes[c]),
                       "two chunks for one column");
            }
        }
    }
}

// Sizes in the catalog row against the segment's header.
void checkSizes(Check* check, const catalog::SegmentRow& row, const segment::SegmentMeta& meta) {
    int64 bytes = meta.indexBytes();
    for (uint32_t c = 0; c < meta.columnCount(); c++) {
        bytes += meta.column(c).chunkBytes;
    }
    if (bytes != row.storedBytes) {
        report(check, row.number, nullptr,
               psprintf("chunks of " INT64_FORMAT " bytes, the catalog row says " INT64_FORMAT,
                        bytes, row.storedBytes));
    }
    if (static_cast<int64>(meta.indexBytes()) != row.indexBytes ||
        (row.indexBytes > 0) != OidIsValid(row.indexValue)) {
        report(check, row.number, nullptr,
               psprintf("block maps and bloom filters of %u bytes, the catalog row says %d",
                        meta.indexBytes(), row.indexBytes));
    }
}

// Block maps and bloom filters as bytes; what they say is checked with each column.
bool checkIndex(Check* check, storage::SealedSegment* segment, const catalog::SegmentRow& row) {
    if (!OidIsValid(row.indexValue)) {
        return true;
    }
    return survive(check, row.number, nullptr, "block maps and bloom filters", [&] {
        segment->open(&row, nullptr);
        pg::enterEngine([&] { segment->reader().verifyIndex(); });
    });
}

// Decodes one column and checks it. Each column starts from a segment opened anew: what the damage
// of another one left half open is gone, and no more than a column and those it refers to is in
// memory.
void checkColumn(Check* check, storage::SealedSegment* segment, const catalog::SegmentRow& row,
                 int column, bool indexIntact) {
    (void)survive(check, row.number, attributeName(check, row.attributes[column]), nullptr, [&] {
        segment->open(&row, nullptr);
        pg::enterEngine([&] {
            const auto index = static_cast<uint32_t>(column);
            if (indexIntact) {
                segment->reader().verify(index);
                return;
            }
            vector::Column values(segment->meta().column(index).type,
                                  std::pmr::new_delete_resource());
            for (uint32_t first = 0; first < segment->meta().rows(); first += segment::kBlockRows) {
                values.clear();
                segment->reader().append(
                    index, first, std::min(segment::kBlockRows, segment->meta().rows() - first),
                    values);
            }
        });
    });
}

void checkSegment(Check* check, storage::SealedSegment* segment, const catalog::SegmentRow& row) {
    check->segments++;
    check->sealedRows += row.rows;
    checkCatalogRow(check, row);
    check->cold = row.isCold();
    const int64 before = check->problems;
    if (!survive(check, row.number, nullptr, nullptr, [&] { segment->open(&row, nullptr); })) {
        return;
    }
    checkSizes(check, row, segment->meta());
    const bool indexIntact = checkIndex(check, segment, row) && check->problems == before;
    for (int column = 0; column < row.columns; column++) {
        CHECK_FOR_INTERRUPTS();
        checkColumn(check, segment, row, column, indexIntact);
    }
}

int compareOids(const void* a, const void* b) {
    return oid_cmp(a, b);
}

// Every TOAST value belongs to one chunk.
void checkValueIds(Check* check, const catalog::SegmentList& list) {
    Size count = 0;
    for (int i = 0; i < list.count; i++) {
        count += static_cast<Size>(list.rows[i].columns) + 1;
    }
    auto* ids = static_cast<Oid*>(
        MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Oid) * Max(count, Size{1})));
    Size used = 0;
    for (int i = 0; i < list.count; i++) {
        const catalog::SegmentRow& row = list.rows[i];
        for (int c = 0; c < row.columns; c++) {
            ids[used++] = row.valueIds[c];
        }
        ids[used++] = row.indexValue;
    }
    qsort(ids, used, sizeof(Oid), compareOids);
    for (Size i = 1; i < used; i++) {
        if (OidIsValid(ids[i]) && ids[i] == ids[i - 1]) {
            report(check, kNoSegment, nullptr,
                   psprintf("TOAST value %u is used by two chunks", ids[i]));
        }
    }
    pfree(ids);
}

// ---------------------------------------------------------------- archived objects

int compareIds(const void* a, const void* b) {
    const int64 left = *static_cast<const int64*>(a);
    const int64 right = *static_cast<const int64*>(b);
    return left < right ? -1 : (left > right ? 1 : 0);
}

// Every byte of the objects that hold rows, also of those that no column's checksum covers.
void checkObjects(Check* check, const catalog::SegmentList& list) {
    auto* ids = static_cast<int64*>(palloc(sizeof(int64) * static_cast<Size>(Max(list.count, 1))));
    size_t count = 0;
    for (int i = 0; i < list.count; i++) {
        if (list.rows[i].isCold()) {
            ids[count++] = list.rows[i].archiveObject;
        }
    }
    qsort(ids, count, sizeof(int64), compareIds);
    check->cold = true;
    for (size_t i = 0; i < count; i++) {
        CHECK_FOR_INTERRUPTS();
        if (i == 0 || ids[i] != ids[i - 1]) {
            (void)survive(check, kNoSegment, nullptr, nullptr, [&] {
                pg::enterEngine([&] {
                    storage::verifyArchivedObject(RelationGetRelid(check->relation), check->storage,
                                                  ids[i]);
                });
            });
        }
    }
    check->cold = false;
}

// ---------------------------------------------------------------- tombstones

// Rows of the segment, or -1 when there is no such segment. The list is ordered by number.
int32 rowsOf(const catalog::SegmentList& list, int32 number) {
    int low = 0;
    int high = list.count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (list.rows[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < list.count && list.rows[low].number == number ? list.rows[low].rows : -1;
}

struct TombstoneRun {
    int32 segment;
    int64 orphaned;
    int64 outside;
    int32 example;
};

void endRun(Check* check, const TombstoneRun& run) {
    if (run.orphaned > 0) {
        report(check, run.segment, nullptr,
               psprintf("%s of a segment that does not exist", counted(run.orphaned, "tombstone")));
    }
    if (run.outside > 0) {
        report(check, run.segment, nullptr,
               psprintf("%s outside the segment's rows, such as row %d",
                        counted(run.outside, "tombstone"), run.example));
    }
}

// Tombstones come ordered by segment and row.
void checkTombstones(Check* check, const catalog::SegmentList& list) {
    catalog::OpenTable table =
        catalog::open(catalog::Table::Tombstone, check->unlogged, AccessShareLock);
    TupleDesc descriptor = RelationGetDescr(table.table);
    catalog::CatalogScan scan = catalog::beginScan(table, check->snapshot, 1, check->storage);
    TombstoneRun run = {kNoSegment, 0, 0, 0};
    int32 rows = -1;
    HeapTuple tuple;
    while (HeapTupleIsValid(tuple = catalog::nextRow(scan))) {
        CHECK_FOR_INTERRUPTS();
        bool null = false;
        const int32 segment = DatumGetInt32(heap_getattr(tuple, 2, descriptor, &null));
        const int32 row = DatumGetInt32(heap_getattr(tuple, 3, descriptor, &null));
        if (segment != run.segment) {
            endRun(check, run);
            run = {segment, 0, 0, 0};
            rows = rowsOf(list, segment);
        }
        if (rows < 0) {
            run.orphaned++;
        } else if (row < 0 || row >= rows) {
            run.outside++;
            run.example = row;
        } else {
            check->deletedRows++;
        }
    }
    endRun(check, run);
    catalog::endScan(scan);
    catalog::close(table);
}

// ---------------------------------------------------------------- hot rows

struct HotPosition {
    ItemPointerData tid;  // row that is being read; invalid before the first
    int attribute;        // 0-based; -1 outside of an attribute
    int64 rows;
};

// Reads the rows of some hot blocks, out of line values included.
void readHotBlocks(Check* check, BlockNumber first, BlockNumber count, HotPosition* position) {
    TupleDesc descriptor = RelationGetDescr(check->relation);
    ItemPointerSetInvalid(&position->tid);
    position->attribute = -1;
    position->rows = 0;
    TableScanDesc scan =
        storage::heapRoutine()->scan_begin(check->relation, check->snapshot, 0, nullptr, nullptr,
                                           SO_TYPE_SEQSCAN | SO_ALLOW_STRAT | SO_ALLOW_PAGEMODE);
    heap_setscanlimits(scan, first, count);
    TupleTableSlot* slot = MakeSingleTupleTableSlot(descriptor, &TTSOpsBufferHeapTuple);
    while (heap_getnextslot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        position->tid = slot->tts_tid;
        slot_getallattrs(slot);
        for (int i = 0; i < descriptor->natts; i++) {
            Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
            if (attribute->attlen != -1 || !storage::isStored(attribute) || slot->tts_isnull[i]) {
                continue;
            }
            auto* value = reinterpret_cast<struct varlena*>(DatumGetPointer(slot->tts_values[i]));
            if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value)) {
                position->attribute = i;
                pfree(detoast_attr(value));
                position->attribute = -1;
            }
        }
        position->rows++;
        ItemPointerSetInvalid(&position->tid);
    }
    ExecDropSingleTupleTableSlot(slot);
    storage::heapRoutine()->scan_end(scan);
}

// Whether the blocks could be read; with `name`, says which block or row could not.
bool tryHotBlocks(Check* check, BlockNumber first, BlockNumber count, bool name,
                  MemoryContext scratch) {
    HotPosition position = {};
    MemoryContext previous = MemoryContextSwitchTo(scratch);
    ErrorData* failure =
        pg::trySubtransaction([&] { readHotBlocks(check, first, count, &position); });
    MemoryContextSwitchTo(previous);
    if (failure == nullptr) {
        check->hotRows += position.rows;
    } else if (!isDamage(failure)) {
        ReThrowError(failure);
    } else if (name) {
        const bool row = ItemPointerIsValid(&position.tid);
        const char* attribute =
            position.attribute < 0
                ? nullptr
                : attributeName(check, static_cast<int16>(position.attribute + 1));
        report(check, kNoSegment, attribute,
               row ? psprintf("hot row (%u,%u): %s", ItemPointerGetBlockNumber(&position.tid),
                              static_cast<unsigned>(ItemPointerGetOffsetNumber(&position.tid)),
                              failure->message)
                   : psprintf("hot block %u: %s", first, failure->message));
    }
    const bool readable = failure == nullptr;
    MemoryContextReset(scratch);
    return readable;
}

void checkHotRows(Check* check, MemoryContext scratch) {
    const BlockNumber blocks = RelationGetNumberOfBlocks(check->relation);
    for (BlockNumber first = 0; first < blocks; first += kHotBatch) {
        CHECK_FOR_INTERRUPTS();
        const BlockNumber count = Min(kHotBatch, blocks - first);
        if (tryHotBlocks(check, first, count, false, scratch)) {
            continue;
        }
        for (BlockNumber block = first; block < first + count; block++) {
            (void)tryHotBlocks(check, block, 1, true, scratch);
        }
    }
}

// ---------------------------------------------------------------- a table

void checkTable(Check* check) {
    check->tables++;
    check->storage = catalog::storageOf(check->relation);
    check->unlogged = catalog::usesUnlogged(check->relation->rd_rel->relpersistence);
    MemoryContext scratch =
        AllocSetContextCreate(CurrentMemoryContext, "footfall verify part", ALLOCSET_DEFAULT_SIZES);
    checkHotRows(check, scratch);
    if (OidIsValid(check->storage)) {
        catalog::SegmentList list = {0, nullptr};
        const bool listed = survive(check, kNoSegment, nullptr, nullptr, [&] {
            list = catalog::listSegments(check->storage, check->unlogged, check->snapshot);
        });
        storage::SealedSegment* segment =
            storage::SealedSegment::create(check->relation, RelationGetDescr(check->relation));
        segment->distrustCache();
        for (int i = 0; listed && i < list.count; i++) {
            if (i > 0 && list.rows[i].number <= list.rows[i - 1].number) {
                report(check, list.rows[i].number, nullptr,
                       "another segment has the same row addresses");
            }
            checkSegment(check, segment, list.rows[i]);
        }
        check->cold = false;
        segment->destroy();
        if (listed) {
            checkValueIds(check, list);
            checkObjects(check, list);
            (void)survive(check, kNoSegment, nullptr, "tombstones",
                          [&] { checkTombstones(check, list); });
        }
        catalog::SegmentList misplaced = {0, nullptr};
        // A standby has no unlogged tables to look into.
        const bool readable = check->unlogged || !RecoveryInProgress();
        (void)survive(check, kNoSegment, nullptr, nullptr, [&] {
            if (!readable) {
                return;
            }
            misplaced = catalog::listSegments(check->storage, !check->unlogged, check->snapshot);
        });
        if (misplaced.count > 0) {
            report(check, misplaced.rows[0].number, nullptr,
                   psprintf("%s in footfall.%s, where rows of %s tables do not belong",
                            counted(misplaced.count, "row"),
                            check->unlogged ? "segment" : "unlogged_segment",
                            check->unlogged ? "unlogged" : "permanent"));
        }
    }
    MemoryContextDelete(scratch);
}

void requireVerifier(Oid relation) {
    if (!ownsRelation(relation) && !has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_DATA)) {
        aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation)),
                       get_rel_name(relation));
    }
    refuseUnderRowSecurity(relation);
}

}  // namespace

void verify(FunctionCallInfo fcinfo) {
    const Oid relationOid = existingRelation(fcinfo);
    requireVerifier(relationOid);
    InitMaterializedSRF(fcinfo, 0);
    Check check = {};
    check.result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    check.snapshot = GetActiveSnapshot();
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "footfall verify", ALLOCSET_DEFAULT_SIZES);
    ListCell* cell;
    foreach (cell, footfallTables(relationOid, AccessShareLock)) {
        MemoryContext previous = MemoryContextSwitchTo(context);
        check.relation = table_open(lfirst_oid(cell), AccessShareLock);
        requireLocalRelation(check.relation);
        checkTable(&check);
        table_close(check.relation, NoLock);
        MemoryContextSwitchTo(previous);
        MemoryContextReset(context);
    }
    MemoryContextDelete(context);
    ereport(NOTICE, (errmsg("verified %s: %s, %s with %s (" INT64_FORMAT " deleted); %s",
                            counted(check.tables, "table"), counted(check.hotRows, "hot row"),
                            counted(check.segments, "segment"), counted(check.sealedRows, "row"),
                            check.deletedRows, counted(check.problems, "problem"))));
}

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_verify);

PGDLLEXPORT Datum footfall_verify(PG_FUNCTION_ARGS) {
    footfall::functions::verify(fcinfo);
    return Datum{0};
}
}
