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
