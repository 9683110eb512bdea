// footfall.segment_list, footfall.segment_totals: what the views footfall.segments and
// footfall.tables show of one table.
//
// Functions and not joins over footfall's own tables, because half of those are unlogged, and a
// standby refuses a query that as much as names an unlogged table. Views ask for every relation
// they meet, so what is no footfall table, or is gone, has no rows; the lock is not kept. The
// ranges are users' values: nobody is told where row security applies.
#include "extension/catalog/configuration.h"
#include "extension/catalog/segment_row.h"
#include "extension/catalog/tombstone.h"
#include "extension/functions/cold_totals.h"
#include "extension/functions/partitions.h"
#include "extension/pg/guard.h"
#include "extension/storage/rewrite.h"
#include "engine/segment/segment_meta.h"

namespace footfall::functions {

namespace {

struct Range {
    bool known;
    segment::Bound least;
    segment::Bound greatest;
};

// Position of an attribute's chunk, or -1.
int chunkOf(const catalog::SegmentRow& row, AttrNumber attribute) {
    for (int i = 0; i < row.columns; i++) {
        if (row.attributes[i] == attribute) {
            return i;
        }
    }
    return -1;
}

// A damaged header has no range: the view goes on showing the other segments, and footfall.verify
// is where damage is reported.
Range readRange(const bytea* meta, int chunk) {
    Range range = {};
    pg::enterEngine([&] {
        const std::span<const std::byte> bytes(
            reinterpret_cast<const std::byte*>(VARDATA_ANY(meta)), VARSIZE_ANY_EXHDR(meta));
        try {
            const auto header = segment::SegmentMeta::parse(bytes, std::pmr::new_delete_resource());
            if (static_cast<uint32_t>(chunk) < header.columnCount()) {
                const segment::ColumnStats& stats =
                    header.column(static_cast<uint32_t>(chunk)).stats;
                range = {stats.hasRange, stats.min, stats.max};
            }
        } catch (const base::Error& error) {
            if (error.kind() != base::ErrorKind::CorruptData &&
                error.kind() != base::ErrorKind::Unsupported) {
                throw;
            }
        }
    });
    return range;
}

Datum integerDatum(Form_pg_attribute attribute, int64 value) {
    switch (attribute->attlen) {
        case 1:
            return CharGetDatum(static_cast<char>(value));
        case 2:
            return Int16GetDatum(static_cast<int16>(value));
        case 4:
            return Int32GetDatum(static_cast<int32>(value));
        default:
            return Int64GetDatum(value);
    }
}

// The bound as the column's type writes it; nullptr for types whose bounds are not values (an
// enum's are by number, not by order) or too long to be kept whole.
char* boundText(Form_pg_attribute attribute, const segment::Bound& bound) {
    const Oid type = getBaseType(attribute->atttypid);
    Oid output = InvalidOid;
    bool varlena = false;
    getTypeOutputInfo(type, &output, &varlena);
    switch (bound.kind) {
        case segment::BoundKind::Integer:
            return attribute->attbyval && !type_is_enum(type)
                       ? OidOutputFunctionCall(output, integerDatum(attribute, bound.integer))
                       : nullptr;
        case segment::BoundKind::Float:
            if (type == FLOAT4OID) {
                return OidOutputFunctionCall(output,
                                             Float4GetDatum(static_cast<float4>(bound.real)));
            }
            return type == FLOAT8OID ? OidOutputFunctionCall(output, Float8GetDatum(bound.real))
                                     : nullptr;
        case segment::BoundKind::Bytes:
            break;
    }
    if (type == UUIDOID && bound.size == 16 && !bound.truncated) {
        return OidOutputFunctionCall(output, PointerGetDatum(bound.prefix));
    }
    if (type == TEXTOID || type == VARCHAROID || type == BPCHAROID) {
        const int length = pg_mbcliplen(bound.prefix, bound.size, bound.size);
        return psprintf("%.*s%s", length, bound.prefix, bound.truncated ? "..." : "");
    }
    return nullptr;
}

// The two ends of a column's range into values[0] and values[1].
void putRange(TupleDesc descriptor, AttrNumber attribute, const catalog::SegmentRow& row,
              Datum* values, bool* nulls) {
    const int chunk = attribute > 0 ? chunkOf(row, attribute) : -1;
    if (chunk < 0) {
        return;
    }
    const Range range = readRange(row.meta, chunk);
    if (!range.known) {
        return;
    }
    const segment::Bound* ends[2] = {&range.least, &range.greatest};
    for (int i = 0; i < 2; i++) {
        char* text = boundText(TupleDescAttr(descriptor, attribute - 1), *ends[i]);
        nulls[i] = text == nullptr;
        values[i] = nulls[i] ? Datum{0} : CStringGetTextDatum(text);
    }
}

const char* levelName(catalog::Level level) {
    switch (level) {
        case catalog::Level::Loaded:
            return "loaded";
        case catalog::Level::Sealed:
            return "sealed";
        case catalog::Level::Compacted:
            return "compacted";
    }
    return "unknown";
}

// The footfall table that the first argument names, opened, or nullptr. 42501 unless the caller
// owns it.
Relation openOwn(FunctionCallInfo fcinfo) {
    Relation relation = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
    if (relation == nullptr) {
        return nullptr;
    }
    requireOwner(RelationGetRelid(relation));
    // On a standby unlogged tables are empty.
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    if (!storage::isFootfallTable(relation) || (unlogged && RecoveryInProgress())) {
        relation_close(relation, AccessShareLock);
        return nullptr;
    }
    return relation;
}

catalog::SegmentList segmentsOf(Relation relation) {
    return catalog::listSegments(catalog::storageOf(relation),
                                 catalog::usesUnlogged(relation->rd_rel->relpersistence),
                                 GetActiveSnapshot());
}

}  // namespace

void listSegmentsOf(FunctionCallInfo fcinfo) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Relation relation = openOwn(fcinfo);
    if (relation == nullptr) {
        return;
    }
    const Oid oid = RelationGetRelid(relation);
    const bool unlogged = catalog::usesUnlogged(relation->rd_rel->relpersistence);
    const bool hidden = check_enable_rls(oid, InvalidOid, true) == RLS_ENABLED;
    AttrNumber keys[catalog::kMaxOrderKeys];
    const AttrNumber key = catalog::orderKey(relation, keys) > 0 ? keys[0] : InvalidAttrNumber;
    const char* name = catalog::settingOf(oid, catalog::kTimeColumn);
    const AttrNumber time = name == nullptr ? InvalidAttrNumber : get_attnum(oid, name);
    const catalog::SegmentList list = segmentsOf(relation);
    for (int i = 0; i < list.count; i++) {
        CHECK_FOR_INTERRUPTS();
        const catalog::SegmentRow& row = list.rows[i];
        int32 deleted = 0;
        uint64* bitmap = catalog::deletedRows(catalog::storageOf(relation), unlogged, row.number,
                                              row.rows, GetActiveSnapshot(), &deleted);
        if (bitmap != nullptr) {
            pfree(bitmap);
        }
        Datum values[10] = {Int32GetDatum(row.number),   Int64GetDatum(row.rows - deleted),
                            Int64GetDatum(deleted),      CStringGetTextDatum(levelName(row.level)),
                            Int64GetDatum(row.rawBytes), Int64GetDatum(row.storedBytes)};
        bool nulls[10] = {false, false, false, false, false, false, true, true, true, true};
        if (!hidden) {
            putRange(RelationGetDescr(relation), key, row, values + 6, nulls + 6);
            putRange(RelationGetDescr(relation), time, row, values + 8, nulls + 8);
        }
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    relation_close(relation, AccessShareLock);
}

void totalSegmentsOf(FunctionCallInfo fcinfo) {
    InitMaterializedSRF(fcinfo, 0);
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    Relation relation = openOwn(fcinfo);
    int64 rawBytes = 0;
    ColdTotals cold = {};
    catalog::SegmentList list = {0, nullptr};
    if (relation != nullptr) {
        list = segmentsOf(relation);
        for (int i = 0; i < list.count; i++) {
            rawBytes += list.rows[i].rawBytes;
        }
        cold = coldTotals(catalog::storageOf(relation),
                          catalog::usesUnlogged(relation->rd_rel->relpersistence), list,
                          GetActiveSnapshot());
        relation_close(relation, AccessShareLock);
    }
    Datum values[] = {Int64GetDatum(list.count), Int64GetDatum(rawBytes),
                      Int64GetDatum(cold.segments), Int64GetDatum(cold.rows),
                      Int64GetDatum(cold.bytes)};
    bool nulls[lengthof(values)] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_segment_list);
PG_FUNCTION_INFO_V1(footfall_segment_totals);

PGDLLEXPORT Datum footfall_segment_list(PG_FUNCTION_ARGS) {
    footfall::functions::listSegmentsOf(fcinfo);
    return Datum{0};
}

PGDLLEXPORT Datum footfall_segment_totals(PG_FUNCTION_ARGS) {
    footfall::functions::totalSegmentsOf(fcinfo);
    return Datum{0};
}
}
