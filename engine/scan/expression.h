// Typed expressions over the columns of a batch.
//
// An Expression is a tree that never changes after it is built; evaluating it is Evaluator's work,
// which keeps what it remembers outside of the tree. Semantics are PostgreSQL's: three-valued
// logic, errors of overflow and division, NaN equal to itself and greater than everything. A node
// is evaluated only for rows for which the executor would have evaluated it.
//
// Types are storage types. What the engine cannot tell from them is the builder's business: that
// equality is equality of bytes (not for numeric, jsonb, bpchar, nondeterministic collations), that
// an order is the order of memcmp (uuid, text under "C") or of signed integers (not for oid).
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>

#include "engine/vector/column.h"

namespace footfall::scan {

enum class Operator : uint8_t {
    Column,    // the batch's column `index`
    Constant,  // row 0 of `constants`, perhaps NULL
    // Two values. Integers of different widths compare with each other, so do the two floats;
    // everything else as equal bytes or memcmp. Result Bool.
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    DistinctFrom,     // IS DISTINCT FROM, never NULL
    NotDistinctFrom,  // IS NOT DISTINCT FROM
    // One or two numbers, which are converted to the result type first, as PostgreSQL's operators
    // of mixed types do (int2 + int4, float4 * float8). Bytes never.
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,  // integers
    Negate,
    Absolute,
    // One argument. The last six take Bool and never give NULL.
    IsNull,
    IsNotNull,
    IsTrue,
    IsNotTrue,
    IsFalse,
    IsNotFalse,
    IsUnknown,
    IsNotUnknown,
    // Bool arguments, any number for And and Or; left to right, a later argument is evaluated only
    // for rows that the earlier ones leave undecided.
    And,
    Or,
    Not,
    // when, then, when, then, ..., else. A searched CASE: a `when` is Bool.
    Case,
    Coalesce,
    // argument = ANY (constants), argument <> ALL (constants), with a NULL among the constants as
    // SQL has it. Constants of the argument's type; equality as in Equal.
    EqualAny,
    NotEqualAll,
    // argument [NOT] LIKE row 0 of constants; Bytes holding UTF-8 or a single-byte encoding.
    Like,
    NotLike,
    // Between Bool, integers and floats; range errors as PostgreSQL's casts raise them. Bool to
    // and from integers is <> 0 and 0/1.
    Cast,
    // ForeignFunctions::evaluate(index). See ExpressionBuilder::foreign and ::step.
    Foreign,
    Step,
};

struct Expression {
    Operator op = Operator::Constant;
    vector::ColumnType type;                    // of the result
    uint32_t index = 0;                         // column or function number
    uint32_t node = 0;                          // 0, 1, ... in the order of building
    bool mayFail = false;                       // it or an argument may raise an error
    bool remembered = false;                    // Foreign: the same arguments give the same result
    int64_t bucketWidth = 0;                    // Step
    std::span<const int64_t> mixedBuckets;      // Step
    const vector::Column* constants = nullptr;  // Constant, EqualAny, NotEqualAll, Like, NotLike
    std::span<const Expression* const> arguments;
};

// Makes expressions; they and the constants live as long as the builder. Arguments come from the
// same builder. Throws BadArgument for types that do not go together.
class ExpressionBuilder {
  public:
    explicit ExpressionBuilder(std::pmr::memory_resource* resource);
    ExpressionBuilder(const ExpressionBuilder&) = delete;
    ExpressionBuilder& operator=(const ExpressionBuilder&) = delete;
    ~ExpressionBuilder();

    uint32_t nodes() const noexcept { return nodes_; }

    const Expression* column(uint32_t index, vector::ColumnType type);
    // Row 0 of `value`, whose type is the constant's.
    const Expression* constant(vector::Column value);
    const Expression* nullConstant(vector::ColumnType type);
    // All operators but Column, Constant, those with constants, Foreign and Step.
    const Expression* call(Operator op, vector::ColumnType type,
                           std::span<const Expression* const> arguments);
    // EqualAny and NotEqualAll.
    const Expression* any(Operator op, const Expression* argument, vector::Column constants);
    // Like and NotLike, `pattern` with the default escape. `multibyte`: _ stands for a character of
    // UTF-8, otherwise for a byte. nullptr when the pattern ends in its escape (22025 for the first
    // row, so not the engine's).
    const Expression* like(Operator op, const Expression* argument, std::string_view pattern,
                           bool multibyte);
    // A function the engine does not know. `remembered` (immutable or stable): for a
    // dictionary-coded argument, the others constant, it is asked once for every entry that a
    // selected row uses; all arguments constant: once.
    const Expression* foreign(uint32_t function, vector::ColumnType type,
                              std::span<const Expression* const> arguments, bool remembered);
    // A foreign function of one Int64 (a timestamp), strict, that is constant within most buckets
    // [n * width, (n + 1) * width): it is asked for the first and last value of a bucket, and for
    // every row of buckets where these differ. Where they do not, it must have one value in all of
    // the bucket; those of which nobody knows are `mixedBuckets`, by n and ascending. It must not
    // fail within the buckets of values it is asked for (infinities are asked row by row).
    const Expression* step(uint32_t function, vector::ColumnType type, const Expression* argument,
                           int64_t bucketWidth, std::span<const int64_t> mixedBuckets = {});

  private:
    Expression* make(Operator op, vector::ColumnType type,
                     std::span<const Expression* const> arguments);
    const vector::Column* keep(vector::Column column);

    struct Kept;
    std::pmr::monotonic_buffer_resource arena_;
    Kept* kept_ = nullptr;
    uint32_t nodes_ = 0;
};

}  // namespace footfall::scan
