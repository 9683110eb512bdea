// Run lengths, and a node of one value a run.
//
// Stored: the number of runs, the lengths less one as an integer stream, the values as a node. NULL
// rows make runs like any value. Runs of more than one block have the places of blocks (run_ends.h)
// before the lengths.
#include <algorithm>

#include "engine/encoding/column_codecs.h"
#include "engine/encoding/run_expansion.h"

namespace footfall::encoding {
namespace {

ColumnDecoder* openRuns(base::ByteReader in, vector::ColumnType type, uint32_t rows, bool placed,
                        OpenContext& context) {
    Arena& arena = context.arena;
    const auto runs = static_cast<uint32_t>(in.varintUpTo(rows, "the number of runs"));
    RunEnds* ends = nullptr;
    if (placed) {
        const uint32_t blocks = (rows + kBatchRows - 1) / kBatchRows;
        IntDecoder* firstRuns = openIntegerPart(in, blocks, arena);
        IntDecoder* rowsBefore = openIntegerPart(in, blocks, arena);
        IntDecoder* lengths = openIntegerPart(in, runs, arena);
        ends = arena.make<RunEnds>(lengths, rows, firstRuns, rowsBefore, arena);
    } else {
        ends = arena.make<RunEnds>(openIntegerPart(in, runs, arena), rows, arena);
    }
    ColumnDecoder* values = openColumnPart(in, type, ends->runs(), context);
    in.expectEnd();
    return arena.make<RunExpansion>(type, rows, *ends, values, arena);
}

}  // namespace

void encodeRunLength(const vector::Column& column, std::span<const uint32_t> runEnds,
                     const NodeOptions& options, base::ByteWriter& out) {
    std::vector<uint64_t> lengths;
    std::vector<uint32_t> starts;
    lengths.reserve(runEnds.size());
    starts.reserve(runEnds.size());
    uint32_t row = 0;
    for (const uint32_t end : runEnds) {
        lengths.push_back(end - row - 1);
        starts.push_back(row);
        row = end;
    }
    const bool placed = column.size() > kBatchRows;
    out.u8(static_cast<uint8_t>(placed ? ColumnCodec::PlacedRuns : ColumnCodec::RunLength));
    out.varint(runEnds.size());
    if (placed) {
        const RunPlaces places = findPlaces(runEnds, column.size());
        encodeIntegerPart(places.runs, options.effort, out);
        encodeIntegerPart(places.rowsBefore, options.effort, out);
    }
    encodeIntegerPart(lengths, options.effort, out);
    const vector::Column values = column.gather(starts, std::pmr::new_delete_resource());
    const size_t part = out.beginPart();
    encodeColumn(values, options.inner(), out);
    out.endPart(part);
}

ColumnDecoder* openRunLength(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                             OpenContext& context) {
    return openRuns(in, type, rows, false, context);
}

ColumnDecoder* openPlacedRuns(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context) {
    return openRuns(in, type, rows, true, context);
}

}  // namespace footfall::encoding
