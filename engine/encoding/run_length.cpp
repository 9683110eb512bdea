// Run lengths, and a node of one value a run.
//
// Stored: the number of runs, the lengths less one as an integer stream, the values as a node. NULL
// rows make runs like any value.
#include <algorithm>

#include "engine/encoding/column_codecs.h"
#include "engine/encoding/run_expansion.h"

namespace footfall::encoding {
namespace {

class RunLengthDecoder final : public ColumnDecoder {
  public:
    RunLengthDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                     OpenContext& context)
        : ColumnDecoder(type, rows), expansion_(open(in, type, rows, context)) {
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
    std::span<const uint32_t> runEnds() const noexcept override { return ends_; }

  private:
    RunExpansion open(base::ByteReader& in, vector::ColumnType type, uint32_t rows,
                      OpenContext& context) {
        readEnds(in, rows, context);
        const auto runs = static_cast<uint32_t>(ends_.size());
        return RunExpansion(ends_, openColumnPart(in, type, runs, context), context.arena);
    }

    void readEnds(base::ByteReader& in, uint32_t rows, OpenContext& context) {
        const auto count = static_cast<uint32_t>(in.varintUpTo(rows, "the number of runs"));
        IntDecoder* lengths = openIntegerPart(in, count, context.arena);
        // A look-up of one row reads them all, so this is most of what it costs.
        ends_ = {static_cast<uint32_t*>(context.arena.resource()->allocate(count * sizeof(uint32_t),
                                                                           alignof(uint32_t))),
                 count};
        uint32_t row = 0;
        for (uint32_t at = 0; at < count; at += kBatchRows) {
            const uint32_t part = std::min(kBatchRows, count - at);
            uint32_t* ends = ends_.data() + at;
            // No length is above the rows of a segment, so their sum stays far below 2^32.
            if (lengths->decode32(at, part, ends) >= rows)
                base::throwCorrupt("runs exceed the rows");
            for (uint32_t i = 0; i < part; ++i) {
                row += ends[i] + 1;
                ends[i] = row;
            }
            if (row > rows)
                base::throwCorrupt("runs exceed the rows");
        }
        if (row != rows)
            base::throwCorrupt("runs end at row %u of %u", row, rows);
    }

    std::span<uint32_t> ends_;
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
    out.u8(static_cast<uint8_t>(ColumnCodec::RunLength));
    out.varint(runEnds.size());
    encodeIntegerPart(lengths, options.effort, out);
    const vector::Column values = column.gather(starts, std::pmr::new_delete_resource());
    const size_t part = out.beginPart();
    encodeColumn(values, options.inner(), out);
    out.endPart(part);
}

ColumnDecoder* openRunLength(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                             OpenContext& context) {
    return context.arena.make<RunLengthDecoder>(in, type, rows, context);
}

}  // namespace footfall::encoding
