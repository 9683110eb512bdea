// See value_hash.h.
#include "extension/functions/sketch/value_hash.h"

#include <limits>

#include "engine/base/hash.h"

namespace footfall::functions {

namespace {

uint64 hashOfInteger(int64 value) {
    return base::hashBytes(&value, sizeof(value));
}

// -0 is 0, and there is one NaN.
uint64 hashOfFloat(float8 value) {
    if (value == 0) {
        value = 0;
    } else if (std::isnan(value)) {
        value = std::numeric_limits<float8>::quiet_NaN();
    }
    return base::hashBytes(&value, sizeof(value));
}

int64 integerOf(Oid type, Datum value) {
    switch (type) {
        case BOOLOID:
            return DatumGetBool(value) ? 1 : 0;
        case INT2OID:
            return DatumGetInt16(value);
        case INT4OID:
        case DATEOID:
            return DatumGetInt32(value);
        case CHAROID:
            // Whether char has a sign is the machine's choice; a stored sketch is read on any.
            return static_cast<signed char>(DatumGetChar(value));
        case OIDOID:
            return DatumGetObjectId(value);
        default:
            return DatumGetInt64(value);
    }
}

}  // namespace

void ValueHash::choose(Oid type) {
    type_ = getBaseType(type);
    switch (type_) {
        case BOOLOID:
        case CHAROID:
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case OIDOID:
        case DATEOID:
        case TIMEOID:
        case TIMESTAMPOID:
        case TIMESTAMPTZOID:
            way_ = Way::Integer;
            return;
        case FLOAT4OID:
            way_ = Way::Float4;
            return;
        case FLOAT8OID:
            way_ = Way::Float8;
            return;
        case UUIDOID:
            way_ = Way::Uuid;
            return;
        case BYTEAOID:
            way_ = Way::Bytes;
            return;
        case TEXTOID:
        case VARCHAROID:
            if (!OidIsValid(collation_)) {
                ereport(ERROR,
                        (errcode(ERRCODE_INDETERMINATE_COLLATION),
                         errmsg("could not determine which collation to use for the sketch"),
                         errhint("Use the COLLATE clause to set the collation explicitly.")));
            }
            if (get_collation_isdeterministic(collation_)) {
                way_ = Way::Bytes;
                return;
            }
            break;
        default:
            if (type_is_enum(type_)) {
                way_ = Way::Label;
                return;
            }
    }
    TypeCacheEntry* entry = lookup_type_cache(type_, TYPECACHE_HASH_EXTENDED_PROC_FINFO);
    if (!OidIsValid(entry->hash_extended_proc_finfo.fn_oid)) {
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                        errmsg("values of type %s cannot be hashed", format_type_be(type_)),
                        errhint("Cast them to a type that can, such as text.")));
    }
    way_ = Way::TypeFunction;
    function_ = &entry->hash_extended_proc_finfo;
}

const ValueHash& ValueHash::ofArgument(FunctionCallInfo fcinfo, int n) {
    auto* hash = static_cast<ValueHash*>(fcinfo->flinfo->fn_extra);
    if (hash == nullptr) {
        const Oid type = get_fn_expr_argtype(fcinfo->flinfo, n);
        if (!OidIsValid(type)) {
            ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
                            errmsg("could not determine the type of the value")));
        }
        hash = static_cast<ValueHash*>(
            MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ValueHash)));
        hash->collation_ = PG_GET_COLLATION();
        hash->choose(type);
        fcinfo->flinfo->fn_extra = hash;
    }
    return *hash;
}

uint64 ValueHash::operator()(Datum value) const {
    switch (way_) {
        case Way::Integer:
            return hashOfInteger(integerOf(type_, value));
        case Way::Float4:
            return hashOfFloat(DatumGetFloat4(value));
        case Way::Float8:
            return hashOfFloat(DatumGetFloat8(value));
        case Way::Uuid:
            return base::hashBytes(DatumGetPointer(value), 16);
        case Way::Bytes: {
            const struct varlena* bytes = PG_DETOAST_DATUM_PACKED(value);
            return base::hashBytes(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
        }
        case Way::Label: {
            const char* label = DatumGetCString(DirectFunctionCall1(enum_out, value));
            return base::hashBytes(label, strlen(label));
        }
        case Way::TypeFunction:
            break;
    }
    return DatumGetUInt64(FunctionCall2Coll(function_, collation_, value, Int64GetDatum(0)));
}

}  // namespace footfall::functions
