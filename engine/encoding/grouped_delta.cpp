// Differences inside the runs of another column: timestamps inside a session.
//
// Groups are the parent's runs, cut at every 1,024th row. Stored: the parent's index, the first
// value of each group as an integer stream, the differences of the other rows as a stream.
#include <algorithm>

#include "engine/encoding/column_codecs.h"

namespace footfall::encoding {
namespace {

template <class Vector>
void findGroupStarts(std::span<const uint32_t> runEnds, uint32_t rows, Vector& starts) {
    starts.reserve(runEnds.size() + rows / kBatchRows + 1);
    uint32_t row = 0;
    for (const uint32_t end : runEnds) {
        for (uint32_t at = row; at < end; at = (at / kBatchRows + 1) * kBatchRows) {
            starts.push_back(at);
        }
        row = end;
    }
    if (row != rows)
        base::throwCorrupt("runs end at row %u of %u", row, rows);
}

class GroupedDeltaDecoder final : public ColumnDecoder {
  public:
    GroupedDeltaDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                        OpenContext& context)
        : ColumnDecoder(type, rows), starts_(context.arena.resource()) {
        const auto ends = resolveParent(in.varint(), rows, context).runEnds();
        if (ends.empty() && rows != 0) {
            base::throwCorrupt("differences are grouped by a column without runs");
        }
        findGroupStarts(ends, rows, starts_);
        firsts_ = openIntegerPart(in, static_cast<uint32_t>(starts_.size()), context.arena);
        deltas_ = openIntegerPart(in, rows - static_cast<uint32_t>(starts_.size()), context.arena);
        in.expectEnd();
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        uint64_t words[kBatchRows];
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows - first % kBatchRows);
            decode(first, part, words);
            appendNarrowed(words, part, out);
            first += part;
            count -= part;
        }
    }

  private:
    // Rows of one block. Decoding begins with the group that holds `first`.
    void decode(uint32_t first, uint32_t count, uint64_t* out) {
        const auto after = std::upper_bound(starts_.begin(), starts_.end(), first);
        const auto group = static_cast<uint32_t>(after - starts_.begin()) - 1;
        const auto end = static_cast<uint32_t>(
            std::lower_bound(after, starts_.end(), first + count) - starts_.begin());
        const uint32_t begin = starts_[group];
        const uint32_t total = first + count - begin;
        uint64_t firsts[kBatchRows];
        uint64_t deltas[kBatchRows];
        firsts_->decode(group, end - group, firsts);
        // Before row `begin`, `group` rows were first in their group and have no difference.
        const uint32_t differences = total - (end - group);
        deltas_->decode(begin - group, differences, deltas);
        uint64_t words[kBatchRows];
        uint64_t* to = begin == first ? out : words;
        const uint64_t* delta = deltas;
        for (uint32_t g = group; g < end; ++g) {
            const uint32_t groupEnd = (g + 1 < end ? starts_[g + 1] : first + count) - begin;
            uint32_t row = starts_[g] - begin;
            uint64_t value = firsts[g - group];
            to[row] = value;
            for (++row; row < groupEnd; ++row)
                to[row] = value += *delta++;
        }
        if (begin != first)
            std::copy_n(words + (first - begin), count, out);
    }

    std::pmr::vector<uint32_t> starts_;
    IntDecoder* firsts_;
    IntDecoder* deltas_;
};

}  // namespace

void encodeGroupedDelta(const vector::Column& column, uint32_t parent,
                        std::span<const uint32_t> parentRunEnds, Effort effort,
                        base::ByteWriter& out) {
    const uint32_t rows = column.size();
    std::vector<uint64_t> words(rows);
    widenIntegers(column, words);
    std::vector<uint32_t> starts;
    findGroupStarts(parentRunEnds, rows, starts);
    std::vector<uint64_t> firsts;
    std::vector<uint64_t> deltas;
    firsts.reserve(starts.size());
    deltas.reserve(rows - starts.size());
    for (size_t g = 0; g < starts.size(); ++g) {
        const uint32_t end = g + 1 < starts.size() ? starts[g + 1] : rows;
        firsts.push_back(words[starts[g]]);
        for (uint32_t row = starts[g] + 1; row < end; ++row) {
            deltas.push_back(words[row] - words[row - 1]);
        }
    }
    out.u8(static_cast<uint8_t>(ColumnCodec::GroupedDelta));
    out.varint(parent);
    encodeIntegerPart(firsts, effort, out);
    encodeIntegerPart(deltas, effort, out);
}

ColumnDecoder* openGroupedDelta(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                OpenContext& context) {
    return context.arena.make<GroupedDeltaDecoder>(in, type, rows, context);
}

}  // namespace footfall::encoding
