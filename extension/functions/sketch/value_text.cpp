// See value_text.h.
#include "extension/functions/sketch/value_text.h"

#include <cstring>

#include "extension/pg/shortest_float.h"

namespace footfall::functions {

namespace {

// Settings that the texts of types depend on, and what they are here.
constexpr const char* kSettings[][2] = {
    {"DateStyle", "ISO, YMD"},     {"IntervalStyle", "postgres"},    {"TimeZone", "UTC"},
    {"extra_float_digits", "1"},   {"bytea_output", "hex"},          {"lc_monetary", "C"},
    {"search_path", "pg_catalog"}, {"quote_all_identifiers", "off"},
};

// The one that this type's text depends on, of those that depend on one.
const char* onlySetting(Oid output) {
    switch (output) {
        case F_BYTEAOUT:
            return "bytea_output";
        case F_INTERVAL_OUT:
            return "IntervalStyle";
        case F_CASH_OUT:
            return "lc_monetary";
        default:
            return nullptr;
    }
}

bool followsNoSetting(Oid type) {
    switch (type) {
        case BOOLOID:
        case CHAROID:
        case NAMEOID:
        case INT2OID:
        case INT4OID:
        case INT8OID:
        case OIDOID:
        case BITOID:
        case VARBITOID:
        case UUIDOID:
        case TIMEOID:
        case TIMETZOID:
        case JSONOID:
        case JSONBOID:
        case INETOID:
        case CIDROID:
        case MACADDROID:
        case UNKNOWNOID:
            return true;
        default:
            return type_is_enum(type);
    }
}

// Without a zone: a timestamp, or what a timestamptz is in UTC, where both are the same number.
char* isoText(Timestamp time, bool zoned) {
    char text[MAXDATELEN + 1];
    if (TIMESTAMP_NOT_FINITE(time)) {
        EncodeSpecialTimestamp(time, text);
        return pstrdup(text);
    }
    pg_tm parts;
    fsec_t fraction = 0;
    if (timestamp2tm(time, nullptr, &parts, &fraction, nullptr, nullptr) != 0) {
        ereport(ERROR,
                (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
    }
    parts.tm_isdst = 0;
    EncodeDateTime(&parts, fraction, zoned, 0, nullptr, USE_ISO_DATES, text);
    return pstrdup(text);
}

char* isoText(DateADT day) {
    char text[MAXDATELEN + 1];
    if (DATE_NOT_FINITE(day)) {
        EncodeSpecialDate(day, text);
        return pstrdup(text);
    }
    pg_tm parts;
    j2date(day + POSTGRES_EPOCH_JDATE, &parts.tm_year, &parts.tm_mon, &parts.tm_mday);
    EncodeDateOnly(&parts, USE_ISO_DATES, text);
    return pstrdup(text);
}

}  // namespace

const ValueText& ValueText::ofArgument(FunctionCallInfo fcinfo, int n, Purpose purpose) {
    auto* text = static_cast<ValueText*>(fcinfo->flinfo->fn_extra);
    if (text == nullptr) {
        const Oid type = get_fn_expr_argtype(fcinfo->flinfo, n);
        if (!OidIsValid(type)) {
            ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
                            errmsg("could not determine the type of the value")));
        }
        text = static_cast<ValueText*>(
            MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ValueText)));
        text->choose(type, purpose, fcinfo->flinfo->fn_mcxt);
        fcinfo->flinfo->fn_extra = text;
    }
    return *text;
}

void ValueText::choose(Oid type, Purpose purpose, MemoryContext context) {
    purpose_ = purpose;
    Oid output = InvalidOid;
    bool varlena = false;
    getTypeOutputInfo(type, &output, &varlena);
    fmgr_info_cxt(output, &output_, context);
    const Oid base = getBaseType(type);
    switch (base) {
        case TEXTOID:
        case VARCHAROID:
            way_ = Way::Bytes;
            return;
        case BPCHAROID:
            way_ = Way::Blanks;
            return;
        case FLOAT4OID:
            way_ = Way::Float4;
            return;
        case FLOAT8OID:
            way_ = Way::Float8;
            return;
        case TIMESTAMPTZOID:
            way_ = Way::Moment;
            return;
        case TIMESTAMPOID:
            way_ = Way::Time;
            return;
        case DATEOID:
            way_ = Way::Day;
            return;
        case NUMERICOID:
            way_ = purpose == Purpose::Id ? Way::Numeric : Way::Output;
            return;
        default:
            way_ = followsNoSetting(base) ? Way::Output : Way::Pinned;
    }
}

// An error on the way ends the (sub)transaction, which ends the settings as well.
char* ValueText::pinned(Datum value) const {
    const int level = NewGUCNestLevel();
    const char* only = onlySetting(output_.fn_oid);
    for (const auto& setting : kSettings) {
        if (only != nullptr && strcmp(setting[0], only) != 0) {
            continue;
        }
        (void)set_config_option(setting[0], setting[1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
                                true, 0, false);
    }
    char* text = OutputFunctionCall(&output_, value);
    AtEOXact_GUC(true, level);
    return text;
}

std::string_view ValueText::operator()(Datum value) const {
    // -0 equals 0.
    if (way_ == Way::Float4 && DatumGetFloat4(value) == 0) {
        value = Float4GetDatum(0);
    } else if (way_ == Way::Float8 && DatumGetFloat8(value) == 0) {
        value = Float8GetDatum(0);
    }
    switch (way_) {
        case Way::Bytes: {
            const text* stored = DatumGetTextPP(value);
            return {VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored)};
        }
        case Way::Blanks: {
            const text* stored = DatumGetTextPP(value);
            const int length = static_cast<int>(VARSIZE_ANY_EXHDR(stored));
            return {VARDATA_ANY(stored),
                    static_cast<size_t>(bpchartruelen(VARDATA_ANY(stored), length))};
        }
        case Way::Output:
            return OutputFunctionCall(&output_, value);
        case Way::Float4: {
            auto* text = static_cast<char*>(palloc(FLOAT_SHORTEST_DECIMAL_LEN));
            return {text, static_cast<size_t>(float_to_shortest_decimal_buf(
                              numberOf(DatumGetFloat4(value)), text))};
        }
        case Way::Float8: {
            auto* text = static_cast<char*>(palloc(DOUBLE_SHORTEST_DECIMAL_LEN));
            return {text, static_cast<size_t>(double_to_shortest_decimal_buf(
                              numberOf(DatumGetFloat8(value)), text))};
        }
        case Way::Numeric:
            return OutputFunctionCall(&output_, DirectFunctionCall1(numeric_trim_scale, value));
        case Way::Moment:
            return isoText(DatumGetTimestampTz(value), true);
        case Way::Time:
            return isoText(DatumGetTimestamp(value), false);
        case Way::Day:
            return isoText(DatumGetDateADT(value));
        case Way::Pinned:
            break;
    }
    return pinned(value);
}

}  // namespace footfall::functions
