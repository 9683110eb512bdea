// PostgreSQL's functions that the engine evaluates itself.
#pragma once

#include "engine/scan/expression.h"
#include "extension/pg/pg.h"

namespace footfall::executor {

// What must hold of a call besides its function.
enum class Requirement : uint8_t {
    None,
    BytewiseEquality,  // of the first argument's type under the call's collation
    BytewiseOrder,
};

struct NativeOperator {
    Oid function;
    scan::Operator op;
    Requirement requirement;
};

// nullptr when the engine does not know the function. LIKE and = ANY are not among these.
const NativeOperator* nativeOperator(Oid function);

// For a function of a timestamp, given with its first argument when that is a constant unit: the
// width in microseconds of buckets within which it is constant as a rule, 0 when it is none such.
// Holds for units of an hour and more, whose values change at full quarters of an hour or where the
// time zone's offset does. The engine looks at both ends of each bucket, which tell of all of it
// but where the offset changes inside.
int64 stepBucketWidth(Oid function, const List* arguments);

// The buckets of a function that has some, by number and ascending, inside of which the offset of
// its time zone changes. They live as long as the process.
std::span<const int64> bucketsWithChanges(Oid function, const List* arguments);

// Whether a function of a step function's answer and constants becomes part of the step: it is then
// asked once a bucket, too. It must not fail for any answer, as the ends of a bucket may be no
// row's. Returns the position of the argument that is no constant, or -1.
int argumentOfStepPart(Oid function, const List* arguments);

// Whether a function that returns numeric gives whole numbers only (or infinity), so that equal
// values have equal bytes: extract of an hour and more.
bool givesWholeNumbers(Oid function, const List* arguments);

}  // namespace footfall::executor
