// Which rows are NULL, and the others as a node of their own.
//
// Stored: form (0 bitmap, 1 runs), the NULLs, then the node of the non-NULL rows as a part. The
// bitmap has a bit a row, set for NULL. Runs are lengths that alternate, beginning with non-NULL.
#include <algorithm>
#include <bit>

#include "engine/encoding/column_codecs.h"

namespace footfall::encoding {
namespace {

constexpr uint8_t kBitmap = 0;
constexpr uint8_t kRuns = 1;

class NullableDecoder final : public ColumnDecoder {
  public:
    NullableDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                    OpenContext& context)
        : ColumnDecoder(type, rows),
          nulls_(context.arena.resource()),
          ranks_(context.arena.resource()),
          present_(type, context.arena.resource()) {
        nulls_.resize((size_t{rows} + 63) / 64);
        const uint8_t form = in.u8();
        if (form == kBitmap) {
            const auto bitmap = in.bytes((size_t{rows} + 7) / 8);
            if (!bitmap.empty())
                std::memcpy(nulls_.data(), bitmap.data(), bitmap.size());
            if (rows % 64 != 0)
                nulls_.back() &= (uint64_t{1} << (rows % 64)) - 1;
        } else if (form == kRuns) {
            readNullRuns(in, rows, context.arena);
        } else {
            base::throwCorrupt("form %d of NULLs is not known", form);
        }
        ranks_.reserve(nulls_.size());
        uint32_t nulls = 0;
        for (size_t word = 0; word < nulls_.size(); ++word) {
            ranks_.push_back(static_cast<uint32_t>(word * 64) - nulls);
            nulls += static_cast<uint32_t>(std::popcount(nulls_[word]));
        }
        values_ = openColumnPart(in, type, rows - nulls, context);
        in.expectEnd();
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows);
            appendBatch(first, part, out);
            first += part;
            count -= part;
        }
    }

  private:
    bool isNull(uint32_t row) const { return (nulls_[row / 64] >> (row % 64) & 1) != 0; }
    // Non-NULL rows before `row`.
    uint32_t rank(uint32_t row) const {
        if (row == rows())
            return values_->rows();
        const uint64_t below = nulls_[row / 64] & ((uint64_t{1} << (row % 64)) - 1);
        return ranks_[row / 64] + row % 64 - static_cast<uint32_t>(std::popcount(below));
    }

    void readNullRuns(base::ByteReader& in, uint32_t rows, Arena& arena) {
        const auto count = static_cast<uint32_t>(in.varintUpTo(uint64_t{rows} + 1, "NULL runs"));
        IntDecoder* lengths = openIntegerPart(in, count, arena);
        uint64_t batch[kBatchRows];
        uint32_t row = 0;
        for (uint32_t at = 0; at < count; at += kBatchRows) {
            const uint32_t part = std::min(kBatchRows, count - at);
            lengths->decode(at, part, batch);
            for (uint32_t i = 0; i < part; ++i) {
                if (batch[i] > rows - row)
                    base::throwCorrupt("NULL runs exceed the rows");
                const auto end = row + static_cast<uint32_t>(batch[i]);
                if ((at + i) % 2 == 1) {
                    for (; row < end; ++row)
                        nulls_[row / 64] |= uint64_t{1} << (row % 64);
                }
                row = end;
            }
        }
        if (row != rows)
            base::throwCorrupt("NULL runs end at row %u of %u", row, rows);
    }

    void appendBatch(uint32_t first, uint32_t count, vector::Column& out) {
        const uint32_t begin = rank(first);
        const uint32_t present = rank(first + count) - begin;
        if (present == count)
            return values_->append(begin, count, out);
        present_.clear();
        if (present != 0)
            values_->append(begin, present, present_);
        uint32_t next = 0;
        for (uint32_t i = 0; i < count; ++i) {
            if (isNull(first + i)) {
                out.appendNull();
            } else {
                out.appendFrom(present_, next++);
            }
        }
    }

    std::pmr::vector<uint64_t> nulls_;
    std::pmr::vector<uint32_t> ranks_;
    ColumnDecoder* values_;
    vector::Column present_;
};

}  // namespace

void encodeNullable(const vector::Column& column, const NodeOptions& options,
                    base::ByteWriter& out) {
    const uint32_t rows = column.size();
    std::vector<uint32_t> present;
    present.reserve(rows - column.nullCount());
    std::vector<uint64_t> runs{0};
    bool inNull = false;
    for (uint32_t row = 0; row < rows; ++row) {
        const bool null = column.isNull(row);
        if (null != inNull) {
            runs.push_back(0);
            inNull = null;
        }
        ++runs.back();
        if (!null)
            present.push_back(row);
    }
    out.u8(static_cast<uint8_t>(ColumnCodec::Nullable));
    if (runs.size() < rows / 16) {
        out.u8(kRuns);
        out.varint(runs.size());
        encodeIntegerPart(runs, options.effort, out);
    } else {
        out.u8(kBitmap);
        const size_t bytes = (size_t{rows} + 7) / 8;
        if (bytes != 0)
            std::memcpy(out.extend(bytes), column.nullBits(), bytes);
    }
    const vector::Column values = column.gather(present, std::pmr::new_delete_resource());
    const size_t part = out.beginPart();
    encodeColumn(values, options.inner(), out);
    out.endPart(part);
}

ColumnDecoder* openNullable(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                            OpenContext& context) {
    return context.arena.make<NullableDecoder>(in, type, rows, context);
}

}  // namespace footfall::encoding
