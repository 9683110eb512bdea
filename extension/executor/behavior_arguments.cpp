// See behavior_arguments.h.
#include "extension/executor/behavior_arguments.h"

namespace footfall::executor {

using behavior::Exclusion;
using behavior::FunnelModes;

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

namespace {

void addMode(FunnelModes* modes, const char* mode) {
    if (strcmp(mode, "strict_order") == 0) {
        modes->strictOrder = true;
    } else if (strcmp(mode, "strict_deduplication") == 0) {
        modes->strictDeduplication = true;
    } else if (strcmp(mode, "strict_increase") == 0) {
        modes->strictIncrease = true;
    } else if (strcmp(mode, "strict_once") == 0) {
        modes->strictOnce = true;
    } else if (strcmp(mode, "exclude") == 0 || strcmp(mode, "exclude_customer") == 0) {
        const Exclusion exclusion =
            strcmp(mode, "exclude") == 0 ? Exclusion::DropOff : Exclusion::Customer;
        if (modes->exclusion != Exclusion::None && modes->exclusion != exclusion) {
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                            errmsg("exclude and exclude_customer cannot be combined")));
        }
        modes->exclusion = exclusion;
    } else {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("unknown funnel mode \"%s\"", mode),
                        errhint("Modes are strict_order, strict_deduplication, strict_increase, "
                                "strict_once, exclude and exclude_customer.")));
    }
}

}  // namespace

FunnelModes parseFunnelModes(ArrayType* array) {
    FunnelModes modes;
    Datum* elements = nullptr;
    bool* nulls = nullptr;
    int count = 0;
    deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
    for (int i = 0; i < count; i++) {
        if (nulls[i]) {
            ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                            errmsg("a funnel's modes must not be null")));
        }
        addMode(&modes, TextDatumGetCString(elements[i]));
    }
    return modes;
}

}  // namespace footfall::executor
