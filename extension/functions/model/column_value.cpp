// See column_value.h.
#include "extension/functions/model/column_value.h"

#include <cfloat>

namespace footfall::functions {

ColumnType columnTypeOf(Oid type) {
    const Oid base = getBaseType(type);
    switch (base) {
        case BOOLOID:
            return {ColumnUse::Boolean, base, InvalidOid};
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case FLOAT4OID:
        case FLOAT8OID:
        case NUMERICOID:
            return {ColumnUse::Number, base, InvalidOid};
        case TEXTOID:
        case VARCHAROID:
        case BPCHAROID:
        case NAMEOID:
            return {ColumnUse::Text, base, InvalidOid};
        default:
            break;
    }
    if (type_is_enum(base)) {
        Oid output = InvalidOid;
        bool variable = false;
        getTypeOutputInfo(base, &output, &variable);
        return {ColumnUse::Text, base, output};
    }
    return {ColumnUse::None, base, InvalidOid};
}

namespace {

float8 wideNumberOf(Oid type, Datum value) {
    switch (type) {
        case BOOLOID:
            return DatumGetBool(value) ? 1 : 0;
        case INT2OID:
            return DatumGetInt16(value);
        case INT4OID:
            return DatumGetInt32(value);
        case INT8OID:
            return static_cast<float8>(DatumGetInt64(value));
        case FLOAT4OID:
            return static_cast<float8>(DatumGetFloat4(value));
        case FLOAT8OID:
            return DatumGetFloat8(value);
        case NUMERICOID:
            return DatumGetFloat8(DirectFunctionCall1(numeric_float8, value));
        default:
            elog(ERROR, "type %u is no number", type);
    }
}

}  // namespace

float8 numberOf(const ColumnType& type, Datum value, const char* column) {
    const float8 number = wideNumberOf(type.base, value);
    if (!std::isfinite(number) || std::abs(number) > static_cast<float8>(FLT_MAX)) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("column \"%s\" has the value %g, which no model can use", column, number),
                 errhint("Give NULL for what is not known.")));
    }
    return number;
}

char* textOf(const ColumnType& type, Datum value) {
    if (OidIsValid(type.output))
        return OidOutputFunctionCall(type.output, value);
    if (type.base == NAMEOID)
        return pstrdup(NameStr(*DatumGetName(value)));
    return TextDatumGetCString(value);
}

bool isTime(Oid type) {
    const Oid base = getBaseType(type);
    return base == TIMESTAMPTZOID || base == TIMESTAMPOID || base == DATEOID ||
           columnTypeOf(base).use == ColumnUse::Number;
}

float8 timeOf(Oid type, Datum value) {
    const Oid base = getBaseType(type);
    switch (base) {
        case TIMESTAMPTZOID:
        case TIMESTAMPOID:
            return static_cast<float8>(DatumGetInt64(value));
        case DATEOID:
            return DatumGetDateADT(value);
        default:
            return wideNumberOf(base, value);
    }
}

float8 durationOf(Oid type, const char* option, const char* text) {
    const Oid base = getBaseType(type);
    float8 duration = 0;
    if (base == TIMESTAMPTZOID || base == TIMESTAMPOID || base == DATEOID) {
        const Interval* interval = DatumGetIntervalP(DirectFunctionCall3(
            interval_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
        if (interval->month != 0) {
            ereport(ERROR,
                    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                     errmsg("option \"%s\" must not contain months: they differ in length", option),
                     errhint("Write it in days or hours, for example \"30 days\".")));
        }
        duration = static_cast<float8>(interval->day) * static_cast<float8>(USECS_PER_DAY) +
                   static_cast<float8>(interval->time);
        if (base == DATEOID)
            duration /= static_cast<float8>(USECS_PER_DAY);
    } else {
        duration = DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(text)));
    }
    if (!std::isfinite(duration) || duration < 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("option \"%s\" must be a length that is not negative, not \"%s\"",
                               option, text)));
    }
    return duration;
}

}  // namespace footfall::functions
