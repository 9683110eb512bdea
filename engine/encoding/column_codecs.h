// The column codecs' own entry points: each pair is defined in the file of its codec.
//
// Encoders append a whole node, codec byte first; where a codec may not fit the values, its encoder
// returns false and has written nothing. Columns given to leaf encoders (all but Constant,
// Nullable, Dictionary, runs and the derived ones) hold no NULL.
#pragma once

#include <cstdint>
#include <span>

#include "engine/encoding/column_codec.h"
#include "engine/encoding/column_encoder.h"
#include "engine/encoding/distinct_values.h"

namespace footfall::encoding {

// constant.cpp: one value, or NULL, for every row.
void encodeConstant(const vector::Column& column, base::ByteWriter& out);
ColumnDecoder* openConstant(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                            OpenContext& context);

// nullable.cpp: a bitmap, and the other rows as a node of their own.
void encodeNullable(const vector::Column& column, const NodeOptions& options,
                    base::ByteWriter& out);
ColumnDecoder* openNullable(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                            OpenContext& context);

// integer_column.cpp: an integer stream.
void encodeIntegerColumn(const vector::Column& column, Effort effort, base::ByteWriter& out);
ColumnDecoder* openIntegerColumn(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                 OpenContext& context);

// decimal.cpp: floats that are short decimals, as integers.
bool encodeDecimal(const vector::Column& column, Effort effort, base::ByteWriter& out);
ColumnDecoder* openDecimal(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                           OpenContext& context);

// split_float.cpp: sign, exponent and leading mantissa bits apart from the rest.
void encodeSplitFloat(const vector::Column& column, Effort effort, base::ByteWriter& out);
ColumnDecoder* openSplitFloat(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context);

// fixed_words.cpp: fixed-width values as one integer stream per eight bytes.
void encodeFixedWords(const vector::Column& column, Effort effort, base::ByteWriter& out);
ColumnDecoder* openFixedWords(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context);

// dictionary.cpp: distinct values in ascending order, and a code a row.
void encodeDictionary(const vector::Column& column, const DistinctValues& distinct,
                      const NodeOptions& options, base::ByteWriter& out);
ColumnDecoder* openDictionary(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context);

// Appends entries by code, NULL for kNullCode; the codes are checked already.
void appendEntries(const vector::Column& entries, std::span<const uint32_t> codes,
                   vector::Column& out);

// run_length.cpp: run lengths and a node of one value a run; of more than one block with the places
// of blocks.
void encodeRunLength(const vector::Column& column, std::span<const uint32_t> runEnds,
                     const NodeOptions& options, base::ByteWriter& out);
ColumnDecoder* openRunLength(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                             OpenContext& context);
ColumnDecoder* openPlacedRuns(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context);

// derived.cpp: a value for each dictionary code, or each run, of another column.
void encodeDerivedByCode(const vector::Column& column, uint32_t parent,
                         const DistinctValues& parentValues, const NodeOptions& options,
                         base::ByteWriter& out);
ColumnDecoder* openDerivedByCode(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                 OpenContext& context);
void encodeDerivedByRun(const vector::Column& column, uint32_t parent,
                        std::span<const uint32_t> parentRunEnds, const NodeOptions& options,
                        base::ByteWriter& out);
ColumnDecoder* openDerivedByRun(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                OpenContext& context);

// plain_bytes.cpp: lengths and payload as they are.
void encodePlainBytes(const vector::Column& column, Effort effort, base::ByteWriter& out);
ColumnDecoder* openPlainBytes(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context);

// compressed_bytes.cpp: payload in LZ4 or zstd frames of whole blocks.
bool encodeCompressedBytes(const vector::Column& column, Effort effort, base::ByteWriter& out);
ColumnDecoder* openCompressedBytes(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                   OpenContext& context);

// template_text.cpp: constant pieces with integers between them.
bool encodeTemplate(const vector::Column& column, const NodeOptions& options,
                    base::ByteWriter& out);
ColumnDecoder* openTemplate(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                            OpenContext& context);

// numeric.cpp: PostgreSQL's numeric as scaled integers.
bool encodeNumeric(const vector::Column& column, const NodeOptions& options, base::ByteWriter& out);
ColumnDecoder* openNumeric(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                           OpenContext& context);

// grouped_delta.cpp: differences inside another column's runs, and the first value of each.
void encodeGroupedDelta(const vector::Column& column, uint32_t parent,
                        std::span<const uint32_t> parentRunEnds, Effort effort,
                        base::ByteWriter& out);
ColumnDecoder* openGroupedDelta(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                OpenContext& context);

}  // namespace footfall::encoding
