// A value as a text that says the same in every session: what top_n counts by and stores, and what
// recommenders know customers and products by.
//
// Texts of times, floats and some other types follow settings (TimeZone, DateStyle,
// extra_float_digits). Here times are ISO 8601, those with a time zone in UTC, floats the shortest
// that is read as the same value, whatever the session says.
//
// An id is the text of a value that stands for something: numbers that are equal have one (5 and
// 5.0, 0 and -0), where values are shown with the digits they were given with.
#pragma once

#include <string_view>

#include "extension/pg/pg.h"

namespace footfall::functions {

class ValueText {
  public:
    enum class Purpose : uint8 { Value, Id };

    // For argument `n`, chosen once per call site; fn_extra is its.
    static const ValueText& ofArgument(FunctionCallInfo fcinfo, int n, Purpose purpose);
    // For a type; what it looks up lives in `context`.
    void choose(Oid type, Purpose purpose, MemoryContext context);

    // In the current context, or the value's own bytes.
    std::string_view operator()(Datum value) const;

  private:
    enum class Way : uint8 {
        Bytes,   // text
        Blanks,  // bpchar: blanks at the end do not count
        Output,  // the type's output follows no setting
        Float4,
        Float8,
        Numeric,  // without zeros at the end
        Moment,   // timestamptz
        Time,     // timestamp
        Day,
        Pinned,  // the type's output under settings of ours
    };

    // -0 is 0 where it is an id.
    template <class Float>
    Float numberOf(Float value) const {
        return purpose_ == Purpose::Id && value == 0 ? Float{0} : value;
    }
    char* pinned(Datum value) const;

    Way way_;
    Purpose purpose_;
    mutable FmgrInfo output_;
};

}  // namespace footfall::functions
