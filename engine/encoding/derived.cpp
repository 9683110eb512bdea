// Columns that another column of the segment determines: a brand by the product, a country by the
// session.
//
// By code, the parent has a dictionary; stored: the parent's index, whether there is an entry for a
// NULL parent, then a node with a value per parent code (the entry for NULL last). By run, the
// parent is stored as runs; stored: the parent's index, then a node with a value per run.
#include <algorithm>

#include "engine/encoding/column_codecs.h"
#include "engine/encoding/run_expansion.h"

namespace footfall::encoding {
namespace {

class DerivedByCodeDecoder final : public ColumnDecoder {
  public:
    DerivedByCodeDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                         OpenContext& context)
        : ColumnDecoder(type, rows),
          parent_(resolveParent(in.varint(), rows, context)),
          parentSize_(parent_.dictionarySize()),
          hasNullEntry_(readFlag(in)),
          stored_(parentSize_ + (hasNullEntry_ ? 1 : 0)),
          map_(openColumnPart(in, type, stored_, context)),
          table_(stored_),
          valueCodes_(context.arena.resource()),
          values_(type, context.arena.resource()) {
        in.expectEnd();
    }

    bool hasDictionary() const noexcept override { return map_->hasDictionary(); }
    uint32_t dictionarySize() const noexcept override { return map_->dictionarySize(); }
    const vector::Column& dictionary() override { return map_->dictionary(); }
    uint64_t dictionaryId() const noexcept override { return map_->dictionaryId(); }
    bool prefersCodes(uint32_t count) const noexcept override {
        return table_.wouldPay(count) && map_->prefersCodes(count);
    }

    void codes(uint32_t first, uint32_t count, uint32_t* out) override {
        parentEntries(first, count, out);
        if (!table_.wouldPay(count)) {
            for (uint32_t i = 0; i < count; ++i)
                map_->codes(out[i], 1, &out[i]);
            table_.note(count);
            return;
        }
        if (!table_.ready())
            makeTable();
        for (uint32_t i = 0; i < count; ++i)
            out[i] = valueCodes_[out[i]];
    }

    void codesAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* out) override {
        const auto count = static_cast<uint32_t>(positions.size());
        parentEntriesAt(first, positions, out);
        if (!table_.wouldPay(count)) {
            for (uint32_t i = 0; i < count; ++i)
                map_->codes(out[i], 1, &out[i]);
            table_.note(count);
            return;
        }
        if (!table_.ready())
            makeTable();
        for (uint32_t i = 0; i < count; ++i)
            out[i] = valueCodes_[out[i]];
    }

    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                  vector::Block& out) override {
        uint32_t found[kBatchRows];
        const auto wanted = static_cast<uint32_t>(positions.size());
        if (!table_.wouldPay(wanted))
            return read(first, count, out);
        if (hasDictionary()) {
            if (!prefersCodes(wanted))
                return read(first, count, out);
            codesAt(first, positions, found);
            return scatterCodes(found, count, positions, dictionary(), dictionaryId(), out);
        }
        if (!table_.ready())
            makeTable();
        if (!scatters(values_))
            return read(first, count, out);
        parentEntriesAt(first, positions, found);
        scatterFixed(values_, {found, wanted}, positions, makeFlat(type(), count, out));
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        uint32_t batch[kBatchRows];
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows);
            if (!table_.wouldPay(part)) {
                parentEntries(first, part, batch);
                for (uint32_t i = 0; i < part; ++i)
                    map_->append(batch[i], 1, out);
                table_.note(part);
            } else if (hasDictionary()) {
                codes(first, part, batch);
                appendEntries(dictionary(), {batch, part}, out);
            } else {
                parentEntries(first, part, batch);
                if (!table_.ready())
                    makeTable();
                appendEntries(values_, {batch, part}, out);
            }
            first += part;
            count -= part;
        }
    }

    void read(uint32_t first, uint32_t count, vector::Block& out) override {
        if (!hasDictionary() || !prefersCodes(count))
            return ColumnDecoder::read(first, count, out);
        out.shape = vector::Block::Shape::Dictionary;
        out.rows = count;
        out.codes.resize(count);
        codes(first, count, out.codes.data());
        out.dictionary = &dictionary();
        out.dictionaryId = dictionaryId();
    }

  private:
    bool readFlag(base::ByteReader& in) const {
        if (!parent_.hasDictionary()) {
            base::throwCorrupt("a column is derived from one without dictionary");
        }
        const uint8_t nullEntry = in.u8();
        if (nullEntry > 1)
            base::throwCorrupt("flag of the NULL entry is %d", nullEntry);
        return nullEntry == 1;
    }

    void makeTable() {
        if (map_->hasDictionary()) {
            valueCodes_.resize(stored_);
            map_->codes(0, stored_, valueCodes_.data());
        } else {
            values_.clear();
            values_.reserve(stored_);
            for (uint32_t at = 0; at < stored_; at += kBatchRows)
                map_->append(at, std::min(kBatchRows, stored_ - at), values_);
        }
        table_.setReady();
    }

    // The parent's codes with NULL as the entry after the last.
    void parentEntries(uint32_t first, uint32_t count, uint32_t* out) {
        parent_.codes(first, count, out);
        nameNull(out, count);
    }
    void parentEntriesAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* out) {
        parent_.codesAt(first, positions, out);
        nameNull(out, static_cast<uint32_t>(positions.size()));
    }
    void nameNull(uint32_t* out, uint32_t count) const {
        if (hasNullEntry_) {
            for (uint32_t i = 0; i < count; ++i)
                out[i] = std::min(out[i], parentSize_);
        } else if (std::find(out, out + count, vector::kNullCode) != out + count) {
            base::throwCorrupt("a derived column has no entry for NULL");
        }
    }

    ColumnDecoder& parent_;
    uint32_t parentSize_;
    bool hasNullEntry_;
    uint32_t stored_;
    ColumnDecoder* map_;
    EntryTable table_;
    std::pmr::vector<uint32_t> valueCodes_;
    vector::Column values_;
};

}  // namespace

void encodeDerivedByCode(const vector::Column& column, uint32_t parent,
                         const DistinctValues& parentValues, const NodeOptions& options,
                         base::ByteWriter& out) {
    const uint32_t entries = parentValues.count() + (parentValues.hasNull ? 1 : 0);
    std::vector<uint32_t> rows(parentValues.representatives);
    rows.resize(entries);
    if (parentValues.hasNull) {
        const auto null =
            std::find(parentValues.codes.begin(), parentValues.codes.end(), parentValues.count());
        rows.back() = static_cast<uint32_t>(null - parentValues.codes.begin());
    }
    out.u8(static_cast<uint8_t>(ColumnCodec::DerivedByCode));
    out.varint(parent);
    out.u8(parentValues.hasNull ? 1 : 0);
    const vector::Column values = column.gather(rows, std::pmr::new_delete_resource());
    const size_t part = out.beginPart();
    encodeColumn(values, options, out);
    out.endPart(part);
}

ColumnDecoder* openDerivedByCode(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                 OpenContext& context) {
    return context.arena.make<DerivedByCodeDecoder>(in, type, rows, context);
}

void encodeDerivedByRun(const vector::Column& column, uint32_t parent,
                        std::span<const uint32_t> parentRunEnds, const NodeOptions& options,
                        base::ByteWriter& out) {
    std::vector<uint32_t> starts;
    starts.reserve(parentRunEnds.size());
    uint32_t row = 0;
    for (const uint32_t end : parentRunEnds) {
        starts.push_back(row);
        row = end;
    }
    out.u8(static_cast<uint8_t>(ColumnCodec::DerivedByRun));
    out.varint(parent);
    const vector::Column values = column.gather(starts, std::pmr::new_delete_resource());
    const size_t part = out.beginPart();
    encodeColumn(values, options, out);
    out.endPart(part);
}

ColumnDecoder* openDerivedByRun(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                                OpenContext& context) {
    RunEnds* ends = resolveParent(in.varint(), rows, context).runEnds();
    if (ends == nullptr)
        base::throwCorrupt("a column is derived from one without runs");
    ColumnDecoder* values = openColumnPart(in, type, ends->runs(), context);
    in.expectEnd();
    return context.arena.make<RunExpansion>(type, rows, *ends, values, context.arena);
}

}  // namespace footfall::encoding
