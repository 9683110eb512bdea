// Hashes of SQL values for sketches: equal values of a type have equal hashes.
//
// Sketches are stored and merged years later, on other servers: a hash depends on nothing but the
// value. Numbers, times, texts and the like are XXH3 of their bytes; integers of all widths
// hash alike, and so do both widths of floats. An enum is its label, since its number changes when
// a dump is restored. Other types use their extended hash function, which hash partitioning relies
// on as well, and so does text under a nondeterministic collation.
#pragma once

#include "extension/pg/pg.h"

namespace footfall::functions {

class ValueHash {
  public:
    // Of values of the type of argument `n` of this call, made once per call site. An ERROR when
    // the type cannot be hashed, or the collation is needed and not known.
    static const ValueHash& ofArgument(FunctionCallInfo fcinfo, int n);

    // May raise an ERROR: never called inside enterEngine.
    uint64 operator()(Datum value) const;

  private:
    enum class Way { Integer, Float4, Float8, Bytes, Uuid, Label, TypeFunction };

    void choose(Oid type);

    Oid type_;
    Oid collation_;
    Way way_;
    FmgrInfo* function_;
};

}  // namespace footfall::functions
