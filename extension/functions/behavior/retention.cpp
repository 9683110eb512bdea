// footfall.retention: its state is an int8, so a row costs two words and no memory.
#include "engine/behavior/retention.h"
#include "extension/functions/behavior/aggregate.h"

namespace footfall::functions {

namespace {

using behavior::Retention;

Datum combined(Datum state, const Retention& other) {
    Retention retention(static_cast<uint64>(DatumGetInt64(state)));
    if (retention.conditions() == other.conditions()) {
        retention.add(other);
    } else {
        pg::enterEngine([&] { retention.add(other); });
    }
    return Int64GetDatum(static_cast<int64>(retention.word()));
}

Datum addRow(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    if (PG_ARGISNULL(1)) {
        if (PG_ARGISNULL(0)) {
            PG_RETURN_NULL();
        }
        return PG_GETARG_DATUM(0);
    }
    const Conditions conditions = readConditions(PG_GETARG_ARRAYTYPE_P(1));
    const Retention row(conditions.count, conditions.met);
    return PG_ARGISNULL(0) ? Int64GetDatum(static_cast<int64>(row.word()))
                           : combined(PG_GETARG_DATUM(0), row);
}

Datum toArray(const Retention& retention) {
    Datum values[behavior::kMaxSteps];
    for (uint32 i = 0; i < retention.conditions(); i++) {
        values[i] = BoolGetDatum((retention.retained() >> i & 1) != 0);
    }
    return PointerGetDatum(construct_array(values, static_cast<int>(retention.conditions()),
                                           BOOLOID, 1, true, TYPALIGN_CHAR));
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_retention_add);
PG_FUNCTION_INFO_V1(footfall_retention_combine);
PG_FUNCTION_INFO_V1(footfall_retention_final);

PGDLLEXPORT Datum footfall_retention_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addRow(fcinfo);
}

PGDLLEXPORT Datum footfall_retention_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combined(
        PG_GETARG_DATUM(0), footfall::behavior::Retention(static_cast<uint64>(PG_GETARG_INT64(1))));
}

PGDLLEXPORT Datum footfall_retention_final(PG_FUNCTION_ARGS) {
    (void)footfall::functions::aggregateContext(fcinfo);
    return footfall::functions::toArray(
        footfall::behavior::Retention(static_cast<uint64>(PG_GETARG_INT64(0))));
}
}
