// footfall.segment_range: the values between which a segment's rows lie, as its zone maps have
// them, for the first column of the order key and for the time column. The view footfall.segments
// shows them.
//
// These are users' values: only the owner of the table is told, and nobody where row security
// applies.
#include "extension/catalog/configuration.h"
#include "extension/functions/partitions.h"
#include "extension/pg/guard.h"
#include "engine/segment/segment_meta.h"

namespace footfall::functions {

namespace {

struct Range {
    bool known;
    segment::Bound least;
    segment::Bound greatest;
};

// Position of an attribute's chunk, or -1.
int chunkOf(ArrayType* attributes, AttrNumber attribute) {
    if (ARR_NDIM(attributes) != 1 || ARR_HASNULL(attributes) ||
        ARR_ELEMTYPE(attributes) != INT2OID) {
        return -1;
    }
    const auto* numbers = reinterpret_cast<const int16*>(ARR_DATA_PTR(attributes));
    for (int i = 0; i < ARR_DIMS(attributes)[0]; i++) {
        if (numbers[i] == attribute) {
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
void putRange(TupleDesc descriptor, AttrNumber attribute, ArrayType* attributes, const bytea* meta,
              Datum* values, bool* nulls) {
    const int chunk = attribute > 0 ? chunkOf(attributes, attribute) : -1;
    if (chunk < 0) {
        return;
    }
    const Range range = readRange(meta, chunk);
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

}  // namespace

Datum segmentRange(FunctionCallInfo fcinfo) {
    TupleDesc resultType = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &resultType) != TYPEFUNC_COMPOSITE) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("footfall.segment_range() returns a record")));
    }
    Datum values[4] = {};
    bool nulls[4] = {true, true, true, true};
    Relation relation = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
    if (relation != nullptr) {
        const Oid oid = RelationGetRelid(relation);
        requireOwner(oid);
        if (check_enable_rls(oid, InvalidOid, true) != RLS_ENABLED) {
            ArrayType* attributes = PG_GETARG_ARRAYTYPE_P(1);
            const bytea* meta = PG_GETARG_BYTEA_PP(2);
            AttrNumber keys[catalog::kMaxOrderKeys];
            const AttrNumber key =
                catalog::orderKey(relation, keys) > 0 ? keys[0] : InvalidAttrNumber;
            const char* name = catalog::settingOf(oid, catalog::kTimeColumn);
            const AttrNumber time = name == nullptr ? InvalidAttrNumber : get_attnum(oid, name);
            putRange(RelationGetDescr(relation), key, attributes, meta, values, nulls);
            putRange(RelationGetDescr(relation), time, attributes, meta, values + 2, nulls + 2);
        }
        relation_close(relation, AccessShareLock);
    }
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(resultType), values, nulls));
}

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_segment_range);

PGDLLEXPORT Datum footfall_segment_range(PG_FUNCTION_ARGS) {
    return footfall::functions::segmentRange(fcinfo);
}
}
