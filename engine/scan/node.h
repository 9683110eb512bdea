// What the Evaluator keeps for one expression: the block of its last result and what was learned
// about dictionaries. Internal to engine/scan.
#pragma once

#include <memory_resource>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/buffer.h"
#include "engine/scan/evaluator.h"
#include "engine/scan/like_pattern.h"
#include "engine/scan/row_mask.h"

namespace footfall::scan {

// Answers of a predicate, also per dictionary entry.
enum Verdict : uint8_t { kFalse = 0, kTrue = 1, kUnknown = 2, kUnasked = 0xff };

// The result of a predicate over a selection: one answer for all rows, or a byte a row in `mask`
// (0 or 1, at selected rows) and NULL rows in `nulls` (may be null).
struct Outcome {
    Verdict all = kUnasked;
    uint8_t* mask = nullptr;
    const uint64_t* nulls = nullptr;
    bool encoded = false;  // no row's own value was looked at
};

// A function's results, by dictionary entry or bucket of its argument.
struct FunctionMemo {
    // Codes from kMixed up name no entry; vector::kNullCode is the greatest.
    static constexpr uint32_t kMixed = UINT32_MAX - 2;
    static constexpr uint32_t kNotAsked = UINT32_MAX - 1;

    explicit FunctionMemo(vector::ColumnType type, std::pmr::memory_resource* resource)
        : codes(resource), entries(type, resource), known(resource) {}

    uint64_t source = 0;               // dictionaryId of the argument; 0: none
    std::pmr::vector<uint32_t> codes;  // by entry or bucket: index in `entries`, or kNullCode, ...
    int64_t firstBucket = 0;
    vector::Column entries;
    uint64_t id = 0;                                    // the dictionaryId of `entries`
    std::pmr::unordered_map<uint64_t, uint32_t> known;  // Step: entries by bits
    // Step: of the zone map asked about last.
    bool zoneAsked = false;
    int64_t zoneLeast = 0;
    int64_t zoneGreatest = 0;
    uint32_t zoneCode = 0;
};

struct Evaluator::Node {
    Node(const Expression& of, std::pmr::memory_resource* memory)
        : expression(of),
          resource(memory),
          block(memory),
          left(memory),
          right(memory),
          parts(of.type, memory),
          partOf(memory),
          verdicts(memory),
          sorted(memory),
          memo(of.type, memory),
          output(of.type, memory),
          arguments(memory),
          asked(memory),
          pending(memory),
          request(memory) {}

    // Makes the result Flat with room for `rows` values of a fixed kind.
    std::byte* flat(uint32_t rows);
    // Makes the result one value for all rows; the caller appends it to block.values.
    vector::Column& constant(uint32_t rows);
    const vector::Block& null(uint32_t rows);
    // Room for a Bool a row, readable to a multiple of eight rows.
    uint8_t* mask(uint32_t rows) { return reinterpret_cast<uint8_t*>(flat(rows)); }

    const Expression& expression;
    std::pmr::memory_resource* resource;
    vector::Block block;
    base::Buffer left;  // converted arguments
    base::Buffer right;
    RowBits nulls{};
    // Case and Coalesce: values in the order found, and which of them is a row's.
    vector::Column parts;
    std::pmr::vector<uint32_t> partOf;
    // Predicates.
    uint64_t verdictsOf = 0;  // dictionaryId
    std::pmr::vector<uint8_t> verdicts;
    bool allAsked = false;
    uint32_t agreeing = 0;  // entries with kTrue, once all are asked
    uint32_t agreed = 0;    // one of them
    std::optional<LikePattern> like;
    bool prepared = false;
    bool hasNull = false;               // among the constants
    std::pmr::vector<uint32_t> sorted;  // rows of the constants, ascending by value
    // Foreign and Step: what was answered, and the parts of a question.
    FunctionMemo memo;
    vector::Column output;
    std::pmr::vector<const vector::Block*> arguments;
    std::pmr::vector<uint16_t> asked;
    std::pmr::vector<uint32_t> pending;
    vector::Block request;
};

// Predicates of the values of one or two blocks; predicate.cpp.
bool isPredicate(Operator op) noexcept;

}  // namespace footfall::scan
