// Choosing how a column is stored.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/base/byte_writer.h"
#include "engine/encoding/distinct_values.h"
#include "engine/encoding/int_stream.h"
#include "engine/vector/column.h"

namespace footfall::encoding {

// Integer columns of the same segment that a text template may refer to.
struct IntegerColumn {
    uint32_t index;
    const vector::Column* column;
};

struct NodeOptions {
    Effort effort = Effort::Seal;
    bool runs = true;              // run length may be chosen
    bool dictionary = true;        // a dictionary may be chosen
    bool forceDictionary = false;  // must be chosen, so that a reader sees codes
    std::span<const IntegerColumn> integers = {};
    // Set by a template: the columns it refers to.
    std::vector<uint32_t>* references = nullptr;

    // For entries of dictionaries and similar: values only, no references to other columns.
    NodeOptions leaf() const { return {effort, false, false, false, {}, nullptr}; }
    // For values of runs.
    NodeOptions inner() const { return {effort, false, dictionary, forceDictionary, {}, nullptr}; }
};

// What choosing found out about a column; reused when dependencies are looked for.
struct ColumnProfile {
    std::vector<uint32_t> runEnds;  // empty when runs are too many to pay
    DistinctValues distinct;
};

// Appends the column's node in the smallest form found for the effort. Fills `profile` when given.
void encodeColumn(const vector::Column& column, const NodeOptions& options, base::ByteWriter& out,
                  ColumnProfile* profile = nullptr);

// A column with how it would be stored if it stood alone.
struct EncodedColumn {
    base::ByteWriter bytes;
    std::vector<uint32_t> references;  // other columns its node refers to, ascending
    // Rows of the least and the greatest value, where choosing found them (not for floats).
    bool hasExtremes = false;
    uint32_t leastRow = 0;
    uint32_t greatestRow = 0;
};

// Encodes the columns of one segment, which have equal row counts. Columns named in `keys` are
// never made to depend on others. Chunks come out in column order.
std::vector<EncodedColumn> encodeColumns(std::span<const vector::Column> columns, Effort effort,
                                         std::span<const uint32_t> keys);

}  // namespace footfall::encoding
