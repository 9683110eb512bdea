// footfall.active_periods: its state is its result, bits that grow with the latest period.
#include "engine/behavior/active_periods.h"

#include "extension/functions/behavior/aggregate.h"
#include "extension/pg/varbit.h"

namespace footfall::functions {

namespace {

// Zeros, in the current context.
VarBit* makeBits(int32 count) {
    auto* bits = static_cast<VarBit*>(palloc0(static_cast<Size>(VARBITTOTALLEN(count))));
    SET_VARSIZE(bits, VARBITTOTALLEN(count));
    VARBITLEN(bits) = count;
    return bits;
}

VarBit* longer(const VarBit* bits, int32 count) {
    VarBit* copy = makeBits(count);
    memcpy(VARBITS(copy), VARBITS(bits), VARBITBYTES(bits));
    return copy;
}

Datum addRow(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    if (PG_ARGISNULL(1)) {
        if (PG_ARGISNULL(0)) {
            PG_RETURN_NULL();
        }
        return PG_GETARG_DATUM(0);
    }
    const int32 period = PG_GETARG_INT32(1);
    if (period < 0 || period > behavior::kMostPeriod) {
        pg::enterEngine([&] { behavior::checkPeriod(period); });
    }
    // The state is this group's alone, so it is changed where it stands.
    VarBit* bits = PG_ARGISNULL(0) ? makeBits(period + 1) : PG_GETARG_VARBIT_P(0);
    if (period >= VARBITLEN(bits)) {
        bits = longer(bits, period + 1);
    }
    VARBITS(bits)[period / BITS_PER_BYTE] |= static_cast<bits8>(HIGHBIT >> period % BITS_PER_BYTE);
    PG_RETURN_VARBIT_P(bits);
}

Datum combine(FunctionCallInfo fcinfo) {
    (void)aggregateContext(fcinfo);
    const VarBit* first = PG_GETARG_VARBIT_P(0);
    const VarBit* second = PG_GETARG_VARBIT_P(1);
    VarBit* bits = longer(first, Max(VARBITLEN(first), VARBITLEN(second)));
    for (Size i = 0; i < VARBITBYTES(second); i++) {
        VARBITS(bits)[i] |= VARBITS(second)[i];
    }
    PG_RETURN_VARBIT_P(bits);
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_active_periods_add);
PG_FUNCTION_INFO_V1(footfall_active_periods_combine);

PGDLLEXPORT Datum footfall_active_periods_add(PG_FUNCTION_ARGS) {
    return footfall::functions::addRow(fcinfo);
}

PGDLLEXPORT Datum footfall_active_periods_combine(PG_FUNCTION_ARGS) {
    return footfall::functions::combine(fcinfo);
}
}
