// See aggregate.h.
#include "extension/functions/behavior/aggregate.h"

namespace footfall::functions {

MemoryContext aggregateContext(FunctionCallInfo fcinfo) {
    MemoryContext context = nullptr;
    if (AggCheckCallContext(fcinfo, &context) == 0) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("this function can only be called by an aggregate")));
    }
    return context;
}

size_t stateLimit() {
    constexpr size_t kBeyondWorkMem = size_t{240} << 20;
    return static_cast<size_t>(work_mem) * 1024 + kBeyondWorkMem;
}

uint64 toMicroseconds(const Interval* interval, const char* what) {
#ifdef INTERVAL_NOT_FINITE
    if (INTERVAL_IS_NOEND(interval)) {
        return PG_INT64_MAX;
    }
#endif
    if (interval->month != 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must not contain months or years", what),
                        errhint("Months differ in length: say it in days, as in '30 days'.")));
    }
    int64 result;
    if (__builtin_mul_overflow(int64{interval->day}, USECS_PER_DAY, &result) ||
        __builtin_add_overflow(result, interval->time, &result)) {
        ereport(ERROR,
                (errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW), errmsg("%s is out of range", what)));
    }
    if (result < 0) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%s must not be negative", what)));
    }
    return static_cast<uint64>(result);
}

Datum requiredArgument(FunctionCallInfo fcinfo, int n, const char* what) {
    if (PG_ARGISNULL(n)) {
        ereport(ERROR,
                (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", what)));
    }
    return PG_GETARG_DATUM(n);
}

Conditions readConditions(ArrayType* array) {
    const int dimensions = ARR_NDIM(array);
    if (dimensions > 1) {
        ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                        errmsg("conditions must be a one-dimensional array")));
    }
    const int count = dimensions == 0 ? 0 : ARR_DIMS(array)[0];
    if (count < 1 || count > 32) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("there must be 1 to 32 conditions, not %d", count)));
    }
    const auto* value = reinterpret_cast<const bool*>(ARR_DATA_PTR(array));
    const bits8* valid = ARR_NULLBITMAP(array);
    uint32 met = 0;
    for (int i = 0; i < count; i++) {
        if (valid == nullptr || (valid[i / 8] >> (i % 8) & 1) != 0) {
            met |= static_cast<uint32>(*value++) << i;
        }
    }
    return {static_cast<uint32>(count), met};
}

bytea* toBytea(std::span<const std::byte> bytes) {
    if (bytes.size() > MaxAllocSize - VARHDRSZ) {
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("the state of one group is larger than 1 GB")));
    }
    auto* result = static_cast<bytea*>(palloc(bytes.size() + VARHDRSZ));
    SET_VARSIZE(result, bytes.size() + VARHDRSZ);
    if (!bytes.empty()) {
        memcpy(VARDATA(result), bytes.data(), bytes.size());
    }
    return result;
}

}  // namespace footfall::functions
