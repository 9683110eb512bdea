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

class RunLengthDecoder final : public ColumnDecoder {
  public:
    RunLengthDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows, bool placed,
                     OpenContext& context)
        : ColumnDecoder(type, rows),
          ends_(readEnds(in, rows, placed, context)),
          expansion_(ends_, openColumnPart(in, type, ends_.runs(), context), context.arena) {
        in.expectEnd();
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        expansion_.append(first, count, out);
    }
    void read(uint32_t first, uint32_t count, vector::Block& out) override {
        expansion_.read(first, count, out);
    }
    bool hasDictionary() const noexcept override { return expansion_.values().hasDictionary(); }
    uint32_t dictionarySize() const noexcept override {
        return expansion_.values().dictionarySize();
    }
    const vector::Column& dictionary() override { return expansion_.values().dictionary(); }
    bool prefersCodes(uint32_t count) const noexcept override {
        return expansion_.values().prefersCodes(count);
    }
    uint64_t dictionaryId() const noexcept override { return expansion_.values().dictionaryId(); }
    void codes(uint32_t first, uint32_t count, uint32_t* out) override {
        expansion_.codes(first, count, out);
    }
    void codesAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* out) override {
        expansion_.codesAt(first, positions, out);
    }
    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                  vector::Block& out) override {
        expansion_.readRows(first, count, positions, out);
    }
    bool readRuns(uint32_t first, uint32_t count, vector::Runs& out) override {
        return expansion_.readRuns(first, count, out);
    }
    RunEnds* runEnds() noexcept override { return &ends_; }

  private:
    static RunEnds readEnds(base::ByteReader& in, uint32_t rows, bool placed,
                            OpenContext& context) {
        const auto runs = static_cast<uint32_t>(in.varintUpTo(rows, "the number of runs"));
        if (!placed)
            return RunEnds(openIntegerPart(in, runs, context.arena), rows, context.arena);
        const uint32_t blocks = (rows + kBatchRows - 1) / kBatchRows;
        IntDecoder* firstRuns = openIntegerPart(in, blocks, context.arena);
        IntDecoder* rowsBefore = openIntegerPart(in, blocks, context.arena);
        IntDecoder* lengths = openIntegerPart(in, runs, context.arena);
        return RunEnds(lengths, rows, firstRuns, rowsBefore, context.arena);
    }

    RunEnds ends_;
    RunExpansion expansion_;
};

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
    return context.arena.make<RunLengthDecoder>(in, type, rows, false, context);
}

ColumnDecoder* openPlacedRuns(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context) {
    return context.arena.make<RunLengthDecoder>(in, type, rows, true, context);
}

}  // namespace footfall::encoding
