#include "engine/segment/segment_encoder.h"

#include <algorithm>

#include "engine/encoding/column_codec.h"
#include "engine/encoding/column_encoder.h"
#include "engine/segment/paged_piece.h"
#include "engine/segment/segment_index.h"
#include "engine/segment/sort_permutation.h"

namespace footfall::segment {
namespace {

// The least and greatest of integers without NULLs.
std::pair<int64_t, int64_t> integerExtremes(const vector::Column& column) {
    std::vector<uint64_t> words(column.size());
    encoding::widenIntegers(column, words);
    int64_t least = INT64_MAX;
    int64_t greatest = INT64_MIN;
    for (const uint64_t word : words) {
        least = std::min(least, static_cast<int64_t>(word));
        greatest = std::max(greatest, static_cast<int64_t>(word));
    }
    return {least, greatest};
}

ColumnStats statsOf(const vector::Column& column, const encoding::EncodedColumn& encoded) {
    ColumnStats stats;
    stats.nullCount = column.nullCount();
    if (stats.nullCount == column.size() || !hasNaturalOrder(column.type()))
        return stats;
    stats.hasRange = true;
    Scalar least;
    Scalar greatest;
    if (encoded.hasExtremes) {
        least = Scalar::at(column, encoded.leastRow);
        greatest = Scalar::at(column, encoded.greatestRow);
    } else if (column.type().isInteger() && stats.nullCount == 0) {
        const auto extremes = integerExtremes(column);
        least = Scalar::of(extremes.first);
        greatest = Scalar::of(extremes.second);
    } else {
        bool first = true;
        for (uint32_t row = 0; row < column.size(); ++row) {
            if (column.isNull(row))
                continue;
            const Scalar value = Scalar::at(column, row);
            if (first || compare(value, least) < 0)
                least = value;
            if (first || compare(value, greatest) > 0)
                greatest = value;
            first = false;
        }
    }
    stats.min = Bound::of(least);
    stats.max = Bound::of(greatest);
    return stats;
}

// Whether the rows are in the order of the sort keys; the first that is not, or 0.
uint32_t firstDisorder(std::span<const vector::Column> columns, std::span<const uint32_t> keys) {
    const vector::Column& first = columns[keys[0]];
    const bool plain = first.type().kind == vector::Kind::Int64 && first.nullCount() == 0;
    const int64_t* values = first.values<int64_t>();
    for (uint32_t row = 1; row < first.size(); ++row) {
        if (plain && values[row - 1] < values[row])
            continue;
        if (compareRows(columns, keys, row - 1, row) > 0)
            return row;
    }
    return 0;
}

void checkArguments(std::span<const vector::Column> columns, const EncodeOptions& options) {
    if (columns.empty() || columns.size() > kMaxColumns) {
        base::throwBadArgument("a segment of %zu columns; 1 to %u are possible", columns.size(),
                               kMaxColumns);
    }
    const uint32_t rows = columns[0].size();
    if (rows > kMaxRows) {
        base::throwBadArgument("a segment of %u rows; at most %u are possible", rows, kMaxRows);
    }
    for (const vector::Column& column : columns) {
        if (!column.type().valid())
            base::throwBadArgument("a column has no valid type");
        if (column.size() != rows) {
            base::throwBadArgument("columns of %u and %u rows in one segment", rows, column.size());
        }
        if (column.byteSize() > kMaxColumnBytes) {
            throw base::Error(base::ErrorKind::Unsupported,
                              "a column of one segment would hold %zu bytes, more than %llu",
                              column.byteSize(), static_cast<unsigned long long>(kMaxColumnBytes))
                .withHint("Close segments at kMaxRawBytes and keep longer values unsealed.");
        }
    }
    if (options.effort < 0 || options.effort > 2) {
        base::throwBadArgument("effort %d; 0, 1 and 2 are possible", options.effort);
    }
    for (const auto list : {options.sortKeys, options.bloomColumns}) {
        for (const uint32_t column : list) {
            if (column >= columns.size()) {
                base::throwBadArgument("column %u of %zu", column, columns.size());
            }
        }
    }
    if (options.sortKeys.empty())
        return;
    const uint32_t row = firstDisorder(columns, options.sortKeys);
    if (row != 0)
        base::throwBadArgument("row %u is not in the order of the sort keys", row);
}

}  // namespace

EncodedSegment encodeSegment(std::span<const vector::Column> columns, const EncodeOptions& options,
                             std::pmr::memory_resource* resource) {
    checkArguments(columns, options);
    EncodedSegment segment{SegmentMeta(resource),
                           std::pmr::vector<std::pmr::vector<std::byte>>(resource),
                           std::pmr::vector<std::byte>(resource)};
    segment.meta.setRows(columns[0].size());
    for (const uint32_t key : options.sortKeys)
        segment.meta.addSortKey(key);
    const auto encoded = encoding::encodeColumns(
        columns, static_cast<encoding::Effort>(options.effort), options.sortKeys);
    segment.chunks.reserve(columns.size());
    for (size_t c = 0; c < columns.size(); ++c) {
        const auto bytes = encoded[c].bytes.bytes();
        ColumnMeta column;
        column.type = columns[c].type();
        auto& chunk = segment.chunks.emplace_back();
        column.crc = appendPiece(bytes, chunk);
        column.chunkBytes = static_cast<uint32_t>(chunk.size());
        column.rawBytes = columns[c].byteSize();
        column.stats = statsOf(columns[c], encoded[c]);
        column.codec = static_cast<uint8_t>(bytes[0]);
        segment.meta.addColumn(column, encoded[c].references);
    }
    base::ByteWriter index;
    encodeIndex(columns, options.sortKeys, options.bloomColumns, index);
    const uint32_t crc = appendPiece(index.bytes(), segment.index);
    segment.meta.setIndex(static_cast<uint32_t>(segment.index.size()), crc);
    return segment;
}

}  // namespace footfall::segment
