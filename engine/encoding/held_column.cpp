#include "engine/encoding/held_column.h"

#include <algorithm>

#include "engine/encoding/distinct_values.h"

namespace footfall::encoding {
namespace {

// More entries than this are worth no dictionary: whoever works on codes looks at each entry.
constexpr uint32_t kMaxEntries = 4096;
// Distinct values among sampled rows, above which most values occur once or twice.
constexpr double kWorthCodes = 0.5;

class HeldDecoder final : public ColumnDecoder {
  public:
    explicit HeldDecoder(const vector::Column& values)
        : ColumnDecoder(values.type(), values.size()), values_(values) {}

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        out.appendRange(values_, first, count);
    }

    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                  vector::Block& out) override {
        if (!scatters(values_))
            return read(first, count, out);
        uint32_t rows[kBatchRows];
        for (size_t i = 0; i < positions.size(); ++i)
            rows[i] = first + positions[i];
        scatterFixed(values_, {rows, positions.size()}, positions, makeFlat(type(), count, out));
    }

  private:
    const vector::Column& values_;
};

class CodedDecoder final : public ColumnDecoder {
  public:
    CodedDecoder(const vector::Column& values, const DistinctValues& distinct, Arena& arena)
        : ColumnDecoder(values.type(), values.size()),
          values_(values),
          entries_(values.type(), arena.resource()),
          codes_(distinct.codes.begin(), distinct.codes.end(), arena.resource()),
          id_(nextDictionaryId()) {
        entries_.reserve(distinct.count());
        for (const uint32_t row : distinct.representatives)
            entries_.appendFrom(values, row);
        if (distinct.hasNull)
            std::replace(codes_.begin(), codes_.end(), distinct.count(), vector::kNullCode);
    }

    bool hasDictionary() const noexcept override { return true; }
    uint32_t dictionarySize() const noexcept override { return entries_.size(); }
    const vector::Column& dictionary() override { return entries_; }
    uint64_t dictionaryId() const noexcept override { return id_; }

    void codes(uint32_t first, uint32_t count, uint32_t* out) override {
        std::copy_n(codes_.data() + first, count, out);
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        out.appendRange(values_, first, count);
    }

    void read(uint32_t first, uint32_t count, vector::Block& out) override {
        out.shape = vector::Block::Shape::Dictionary;
        out.rows = count;
        out.codes.assign(codes_.begin() + first, codes_.begin() + first + count);
        out.dictionary = &entries_;
        out.dictionaryId = id_;
    }

    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t>,
                  vector::Block& out) override {
        read(first, count, out);
    }

  private:
    const vector::Column& values_;
    vector::Column entries_;
    std::pmr::vector<uint32_t> codes_;
    uint64_t id_;
};

}  // namespace

ColumnDecoder* openHeld(const vector::Column& values, Arena& arena) {
    if (values.type().isBytes() && sampleDistinctShare(values) <= kWorthCodes) {
        const DistinctValues distinct = findDistinct(values, kMaxEntries);
        if (distinct.complete)
            return arena.make<CodedDecoder>(values, distinct, arena);
    }
    return arena.make<HeldDecoder>(values);
}

}  // namespace footfall::encoding
