// See arguments.h.
#include "extension/reports/arguments.h"

#include <cstring>

namespace footfall::reports {

Arguments::Arguments(FunctionCallInfo fcinfo)
    : fcinfo_(fcinfo), report_(nullptr), names_(nullptr), types_(nullptr), count_(0) {
    HeapTuple tuple =
        SearchSysCache1(PROCOID, ObjectIdGetDatum(static_cast<Oid>(fcinfo->flinfo->fn_oid)));
    if (!HeapTupleIsValid(tuple)) {
        elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
    }
    char* modes = nullptr;
    (void)get_func_arg_info(tuple, &types_, &names_, &modes);
    auto* function = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    report_ = pstrdup(NameStr(function->proname));
    // The inputs come first; RETURNS TABLE adds its columns after them.
    count_ = function->pronargs;
    ReleaseSysCache(tuple);
}

Datum Arguments::value(const char* name, Oid type, bool* null) const {
    for (int i = 0; i < count_; i++) {
        if (strcmp(names_[i], name) == 0 && types_[i] == type) {
            *null = fcinfo_->args[i].isnull;
            return *null ? Datum{0} : fcinfo_->args[i].value;
        }
    }
    elog(ERROR, "report %s has no argument %s of type %u", report_, name, type);
}

namespace {

[[noreturn]] void complainNull(const char* name) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name)));
}

// The elements of a one-dimensional array of this type.
struct Elements {
    Datum* values;
    bool* nulls;
    int count;
};

Elements elementsOf(const char* name, Datum datum, Oid type) {
    ArrayType* array = DatumGetArrayTypeP(datum);
    if (ARR_NDIM(array) > 1) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be a one-dimensional array", name)));
    }
    int16 length = 0;
    bool byValue = false;
    char align = 0;
    get_typlenbyvalalign(type, &length, &byValue, &align);
    Elements elements = {};
    deconstruct_array(array, type, length, byValue, align, &elements.values, &elements.nulls,
                      &elements.count);
    return elements;
}

[[noreturn]] void complainNullElement(const char* name) {
    ereport(ERROR,
            (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not contain nulls", name)));
}

Elements elementsWithoutNulls(const char* name, Datum datum, Oid type) {
    const Elements elements = elementsOf(name, datum, type);
    for (int i = 0; i < elements.count; i++) {
        if (elements.nulls[i]) {
            complainNullElement(name);
        }
    }
    return elements;
}

}  // namespace

bool Arguments::isNull(const char* name) const {
    for (int i = 0; i < count_; i++) {
        if (strcmp(names_[i], name) == 0) {
            return fcinfo_->args[i].isnull;
        }
    }
    return true;
}

char* Arguments::string(const char* name) const {
    bool null = false;
    const Datum datum = value(name, TEXTOID, &null);
    return null ? nullptr : TextDatumGetCString(datum);
}

char* Arguments::requiredString(const char* name) const {
    char* found = string(name);
    if (found == nullptr) {
        complainNull(name);
    }
    return found;
}

const Interval* Arguments::interval(const char* name) const {
    bool null = false;
    const Datum datum = value(name, INTERVALOID, &null);
    return null ? nullptr : DatumGetIntervalP(datum);
}

const Interval* Arguments::requiredInterval(const char* name) const {
    const Interval* found = interval(name);
    if (found == nullptr) {
        complainNull(name);
    }
    return found;
}

List* Arguments::nullableStrings(const char* name) const {
    bool null = false;
    const Datum datum = value(name, TEXTARRAYOID, &null);
    const Elements elements = null ? Elements{} : elementsOf(name, datum, TEXTOID);
    List* texts = NIL;
    for (int i = 0; i < elements.count; i++) {
        texts =
            lappend(texts, elements.nulls[i] ? nullptr : TextDatumGetCString(elements.values[i]));
    }
    return texts;
}

List* Arguments::strings(const char* name) const {
    List* texts = nullableStrings(name);
    if (list_member_ptr(texts, nullptr)) {
        complainNullElement(name);
    }
    return texts;
}

List* Arguments::times(const char* name) const {
    bool null = false;
    const Datum datum = value(name, TIMESTAMPTZARRAYOID, &null);
    const Elements elements = null ? Elements{} : elementsWithoutNulls(name, datum, TIMESTAMPTZOID);
    List* times = NIL;
    for (int i = 0; i < elements.count; i++) {
        auto* time = static_cast<TimestampTz*>(palloc(sizeof(TimestampTz)));
        *time = DatumGetTimestampTz(elements.values[i]);
        times = lappend(times, time);
    }
    return times;
}

List* Arguments::reals(const char* name, double least, double most) const {
    bool null = false;
    const Datum datum = value(name, FLOAT8ARRAYOID, &null);
    const Elements elements = null ? Elements{} : elementsWithoutNulls(name, datum, FLOAT8OID);
    List* numbers = NIL;
    for (int i = 0; i < elements.count; i++) {
        auto* number = static_cast<double*>(palloc(sizeof(double)));
        *number = DatumGetFloat8(elements.values[i]);
        if (!(*number >= least && *number <= most)) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                            errmsg("%s must be between %g and %g", name, least, most)));
        }
        numbers = lappend(numbers, number);
    }
    return numbers;
}

bool Arguments::flag(const char* name, bool otherwise) const {
    bool null = false;
    const Datum datum = value(name, BOOLOID, &null);
    return null ? otherwise : DatumGetBool(datum);
}

int32 Arguments::number(const char* name, int32 least, int32 most, int32 otherwise) const {
    bool null = false;
    const Datum datum = value(name, INT4OID, &null);
    const int32 number = null ? otherwise : DatumGetInt32(datum);
    if (!null && (number < least || number > most)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be between %d and %d", name, least, most)));
    }
    return number;
}

double Arguments::real(const char* name, double least, double most, double otherwise) const {
    bool null = false;
    const Datum datum = value(name, FLOAT8OID, &null);
    const double number = null ? otherwise : DatumGetFloat8(datum);
    if (!null && !(number >= least && number <= most)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must be between %g and %g", name, least, most)));
    }
    return number;
}

TimestampTz Arguments::time(const char* name, TimestampTz unbounded) const {
    bool null = false;
    const Datum datum = value(name, TIMESTAMPTZOID, &null);
    const TimestampTz time = null ? unbounded : DatumGetTimestampTz(datum);
    if (TIMESTAMP_NOT_FINITE(time) && time != unbounded) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s cannot be %s", name,
                               TIMESTAMP_IS_NOBEGIN(time) ? "-infinity" : "infinity"),
                        errhint("Leave it out to bound nothing.")));
    }
    return time;
}

int Arguments::choice(const char* name, const char* const* choices) const {
    const char* chosen = string(name);
    if (chosen == nullptr) {
        return 0;
    }
    StringInfoData known;
    initStringInfo(&known);
    for (int i = 0; choices[i] != nullptr; i++) {
        if (strcmp(choices[i], chosen) == 0) {
            return i;
        }
        appendStringInfo(&known, "%s%s", i == 0 ? "" : ", ", choices[i]);
    }
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s cannot be \"%s\"", name, chosen),
             errhint("It is one of %s.", known.data)));
}

int64 durationOf(const char* argument, const Interval& interval, int64 least) {
    if (interval.month != 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must not contain months: they differ in length", argument),
                        errhint("Write it in days or hours, for example '30 days'.")));
    }
    int64 duration = 0;
    if (__builtin_mul_overflow(int64{interval.day}, USECS_PER_DAY, &duration) ||
        __builtin_add_overflow(duration, interval.time, &duration)) {
        ereport(ERROR,
                (errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW), errmsg("%s is out of range", argument)));
    }
    if (duration < least) {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg(least > 0 ? "%s must be positive" : "%s must not be negative", argument)));
    }
    return duration;
}

char* durationLiteral(int64 microseconds) {
    return psprintf("'%lld.%06lld seconds'::pg_catalog.interval",
                    static_cast<long long>(microseconds / USECS_PER_SEC),
                    static_cast<long long>(microseconds % USECS_PER_SEC));
}

char* timeLiteral(TimestampTz time) {
    // Written as ISO 8601 whatever DateStyle is, so that it means the same when it is read.
    return psprintf("'%s'::pg_catalog.timestamptz", timestamptz_to_str(time));
}

}  // namespace footfall::reports
