// Differences inside the runs of another column: timestamps inside a session.
//
// Groups are the parent's runs, cut at every 1,024th row. Stored: the parent's index, the first
// value of each group as an integer stream, the differences of the other rows as a stream.
#include <algorithm>

#include "engine/encoding/column_codecs.h"
#include "engine/encoding/run_ends.h"

namespace footfall::encoding {
namespace {

constexpr size_t mostGroups(size_t runs, uint32_t rows) {
    return runs + rows / kBatchRows + 1;
}

// Where groups begin, into room for mostGroups(); returns how many there are.
size_t findGroupStarts(std::span<const uint32_t> runEnds, uint32_t rows, uint32_t* starts) {
    uint32_t* to = starts;
    uint32_t row = 0;
    for (const uint32_t end : runEnds) {
        if (end <= row || end > rows)
            base::throwCorrupt("a run from row %u to %u of %u", row, end, rows);
        *to++ = row;
        for (uint32_t at = row / kBatchRows + 1; at <= (end - 1) / kBatchRows; ++at)
            *to++ = at * kBatchRows;
        row = end;
    }
    if (row != rows)
        base::throwCorrupt("runs end at row %u of %u", row, rows);
    return static_cast<size_t>(to - starts);
}

class GroupedDeltaDecoder final : public ColumnDecoder {
  public:
    GroupedDeltaDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                        OpenContext& context)
        : ColumnDecoder(type, rows),
          ends_(parentEnds(in, rows, context)),
          firstGroups_(static_cast<uint32_t*>(context.arena.resource()->allocate(
              (ends_.blocks() + 1) * sizeof(uint32_t), alignof(uint32_t)))) {
        // A block's groups are the runs that hold rows of it.
        uint32_t groups = 0;
        for (uint32_t block = 0; block < ends_.blocks(); ++block) {
            firstGroups_[block] = groups;
            groups += ends_.runsIn(block);
        }
        firsts_ = openIntegerPart(in, groups, context.arena);
        deltas_ = openIntegerPart(in, rows - groups, context.arena);
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

    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                  vector::Block& out) override {
        uint64_t words[kBatchRows];
        if (positions.size() * kThin > count || first % kBatchRows != 0)
            return read(first, count, out);
        gather(first, positions, words);
        scatterIntegers(words, count, positions, type(), out);
    }

  private:
    static constexpr size_t kThin = 16;

    static RunEnds& parentEnds(base::ByteReader& in, uint32_t rows, OpenContext& context) {
        RunEnds* ends = resolveParent(in.varint(), rows, context).runEnds();
        if (ends == nullptr)
            base::throwCorrupt("differences are grouped by a column without runs");
        return *ends;
    }

    // Makes starts_ those of a block's groups; the first of them is the column's group first_.
    void showBlock(uint32_t block) {
        if (block == block_)
            return;
        ends_.require(block);
        count_ = ends_.runsIn(block);
        first_ = firstGroups_[block];
        starts_[0] = block * kBatchRows;
        std::copy_n(ends_.endsFrom(ends_.firstRun(block)), count_ - 1, starts_ + 1);
        block_ = block;
    }

    // Rows of one block: of each group that holds some, the differences up to the last of them.
    void gather(uint32_t first, std::span<const uint16_t> positions, uint64_t* out) {
        uint16_t wanted[kBatchRows];  // differences, counted from the first of the block
        uint16_t groups[kBatchRows];
        uint32_t differences = 0;
        uint32_t count = 0;
        showBlock(first / kBatchRows);
        uint32_t group = groupOf(first + positions.front());
        uint32_t next = 0;  // row of the group whose difference is the next to be noted
        for (const uint16_t position : positions) {
            const uint32_t row = first + position;
            while (group + 1 < count_ && starts_[group + 1] <= row)
                ++group;
            if (count == 0 || groups[count - 1] != group) {
                groups[count++] = static_cast<uint16_t>(group);
                next = starts_[group] + 1;
            }
            // Of the rows up to `row`, one a group has no difference.
            for (; next <= row; ++next)
                wanted[differences++] = static_cast<uint16_t>(next - first - group - 1);
        }
        uint64_t firsts[kBatchRows];
        uint64_t deltas[kBatchRows];
        firsts_->gather(first_, {groups, count}, firsts);
        if (differences != 0)
            deltas_->gather(first - first_, {wanted, differences}, deltas);
        const uint64_t* delta = deltas;
        uint32_t at = 0;
        uint64_t value = firsts[0];
        uint32_t reached = starts_[groups[0]];
        for (size_t i = 0; i < positions.size(); ++i) {
            const uint32_t row = first + positions[i];
            while (at + 1 < count && starts_[groups[at + 1]] <= row) {
                value = firsts[++at];
                reached = starts_[groups[at]];
            }
            for (; reached < row; ++reached)
                value += *delta++;
            out[i] = value;
        }
    }

    // The group of the block shown that holds `row`.
    uint32_t groupOf(uint32_t row) const {
        return static_cast<uint32_t>(std::upper_bound(starts_, starts_ + count_, row) - starts_) -
               1;
    }

    // Rows of one block. Decoding begins with the group that holds `first`.
    void decode(uint32_t first, uint32_t count, uint64_t* out) {
        showBlock(first / kBatchRows);
        const uint32_t group = groupOf(first);
        const auto end = static_cast<uint32_t>(
            std::lower_bound(starts_ + group, starts_ + count_, first + count) - starts_);
        const uint32_t begin = starts_[group];
        const uint32_t total = first + count - begin;
        uint64_t firsts[kBatchRows];
        uint64_t deltas[kBatchRows];
        firsts_->decode(first_ + group, end - group, firsts);
        // Each group before has one row without difference, its first.
        const uint32_t differences = total - (end - group);
        deltas_->decode(begin - first_ - group, differences, deltas);
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

    static constexpr uint32_t kNoBlock = UINT32_MAX;

    RunEnds& ends_;
    uint32_t* firstGroups_;  // by block
    uint32_t starts_[kBatchRows];
    uint32_t count_ = 0;
    uint32_t first_ = 0;
    uint32_t block_ = kNoBlock;
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
    std::vector<uint32_t> starts(mostGroups(parentRunEnds.size(), rows));
    starts.resize(findGroupStarts(parentRunEnds, rows, starts.data()));
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
