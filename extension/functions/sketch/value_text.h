// A value as a text that says the same in every session: what top_n counts by and stores.
//
// Texts of times, floats and some other types follow settings (TimeZone, DateStyle,
// extra_float_digits). Here times are ISO 8601, those with a time zone in UTC, floats the shortest
// that is read as the same value, whatever the session says.
#pragma once

#include <string_view>

#include "extension/pg/pg.h"

namespace footfall::functions {

class ValueText {
  public:
    // For argument `n`, chosen once per call site.
    static const ValueText& ofArgument(FunctionCallInfo fcinfo, int n);

    // In the current context, or the value's own bytes.
    std::string_view operator()(Datum value) const;

  private:
    enum class Way : uint8 {
        Bytes,   // text
        Blanks,  // bpchar: blanks at the end do not count
        Output,  // the type's output follows no setting
        Float4,
        Float8,
        Moment,  // timestamptz
        Time,    // timestamp
        Day,
        Pinned,  // the type's output under settings of ours
    };

    void choose(Oid type, MemoryContext context);
    char* pinned(Datum value) const;

    Way way_;
    mutable FmgrInfo output_;
};

}  // namespace footfall::functions
