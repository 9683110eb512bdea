// The arguments of a report, by the names that the SQL function gives them.
//
// A complaint names the argument; report.h adds the report. NULL and left out are the same.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::reports {

class Arguments {
  public:
    explicit Arguments(FunctionCallInfo fcinfo);

    // The report's name without its schema.
    const char* report() const { return report_; }

    // nullptr when it is NULL.
    char* string(const char* name) const;
    char* requiredString(const char* name) const;
    const Interval* interval(const char* name) const;
    const Interval* requiredInterval(const char* name) const;
    // The texts of a one-dimensional array without NULLs: a List of char*, NIL when it is NULL.
    List* strings(const char* name) const;
    // The same with nullptr for NULLs.
    List* nullableStrings(const char* name) const;
    // The times of a one-dimensional array without NULLs: a List of TimestampTz*.
    List* times(const char* name) const;
    // The numbers of a one-dimensional array without NULLs, within bounds: a List of double*.
    List* reals(const char* name, double least, double most) const;
    bool isNull(const char* name) const;
    bool flag(const char* name, bool otherwise) const;
    int32 number(const char* name, int32 least, int32 most, int32 otherwise) const;
    double real(const char* name, double least, double most, double otherwise) const;
    // A time; NULL is `unbounded`, and no infinity but that one is taken.
    TimestampTz time(const char* name, TimestampTz unbounded) const;
    // The place of the text among `choices`, which end with nullptr; NULL is the first.
    int choice(const char* name, const char* const* choices) const;

  private:
    Datum value(const char* name, Oid type, bool* null) const;

    FunctionCallInfo fcinfo_;
    const char* report_;
    char** names_;
    Oid* types_;
    int count_;
};

// Time of an interval in microseconds, a day being 24 hours. Months and what is below `least` are
// refused, with the argument's name.
int64 durationOf(const char* argument, const Interval& interval, int64 least);

// SQL for an interval of so many microseconds.
char* durationLiteral(int64 microseconds);

// SQL for a time.
char* timeLiteral(TimestampTz time);

}  // namespace footfall::reports
