// Distinct values in ascending order, and a code a row.
//
// Stored: the number of entries, the entries as a node (never NULL), the codes
// as an integer stream. A NULL row has the code after the last entry's.
#include <algorithm>

#include "engine/encoding/column_codecs.h"

namespace footfall::encoding {
namespace {

class DictionaryDecoder final : public ColumnDecoder {
  public:
    DictionaryDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                      OpenContext& context)
        : ColumnDecoder(type, rows),
          size_(static_cast<uint32_t>(in.varintUpTo(rows, "dictionary entries"))),
          stored_(openColumnPart(in, type, size_, context)),
          entries_(type, context.arena.resource()),
          table_(size_),
          id_(nextDictionaryId()),
          codes_(openIntegerPart(in, rows, context.arena)) {
        in.expectEnd();
    }

    bool hasDictionary() const noexcept override { return true; }
    uint32_t dictionarySize() const noexcept override { return size_; }
    uint64_t dictionaryId() const noexcept override { return id_; }
    bool prefersCodes(uint32_t count) const noexcept override { return table_.wouldPay(count); }

    const vector::Column& dictionary() override {
        if (!table_.ready()) {
            entries_.clear();
            entries_.reserve(size_);
            for (uint32_t at = 0; at < size_; at += kBatchRows)
                stored_->append(at, std::min(kBatchRows, size_ - at), entries_);
            if (entries_.nullCount() != 0)
                base::throwCorrupt("a dictionary entry is NULL");
            table_.setReady();
        }
        return entries_;
    }

    void codes(uint32_t first, uint32_t count, uint32_t* out) override {
        const uint64_t greatest = codes_->decode32(first, count, out);
        if (mayBeNull(greatest)) {
            for (uint32_t i = 0; i < count; ++i) {
                if (out[i] == size_)
                    out[i] = vector::kNullCode;
            }
        }
    }

    void codesAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* out) override {
        uint64_t words[kBatchRows];
        codes_->gather(first, positions, words);
        uint64_t greatest = 0;
        for (size_t i = 0; i < positions.size(); ++i)
            greatest = std::max(greatest, words[i]);
        mayBeNull(greatest);
        for (size_t i = 0; i < positions.size(); ++i)
            out[i] = words[i] == size_ ? vector::kNullCode : static_cast<uint32_t>(words[i]);
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        uint32_t batch[kBatchRows];
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows);
            codes(first, part, batch);
            if (table_.wouldPay(part)) {
                appendEntries(dictionary(), {batch, part}, out);
            } else {
                appendOneByOne({batch, part}, out);
            }
            first += part;
            count -= part;
        }
    }

    void read(uint32_t first, uint32_t count, vector::Block& out) override {
        if (!table_.wouldPay(count))
            return ColumnDecoder::read(first, count, out);
        out.shape = vector::Block::Shape::Dictionary;
        out.rows = count;
        out.codes.resize(count);
        codes(first, count, out.codes.data());
        out.dictionary = &dictionary();
        out.dictionaryId = id_;
    }

    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                  vector::Block& out) override {
        if (!table_.wouldPay(static_cast<uint32_t>(positions.size())))
            return read(first, count, out);
        uint32_t found[kBatchRows];
        codesAt(first, positions, found);
        scatterCodes(found, count, positions, dictionary(), id_, out);
    }

  private:
    // Whether codes up to `greatest` may be those of NULL.
    bool mayBeNull(uint64_t greatest) const {
        if (greatest > size_) {
            base::throwCorrupt("code %llu in a dictionary of %u",
                               static_cast<unsigned long long>(greatest), size_);
        }
        return greatest == size_;
    }

    void appendOneByOne(std::span<const uint32_t> codes, vector::Column& out) {
        for (const uint32_t code : codes) {
            if (code == vector::kNullCode) {
                out.appendNull();
            } else {
                stored_->append(code, 1, out);
            }
        }
        table_.note(static_cast<uint32_t>(codes.size()));
    }

    uint32_t size_;
    ColumnDecoder* stored_;
    vector::Column entries_;
    EntryTable table_;
    uint64_t id_;
    IntDecoder* codes_;
};

template <class T>
void gatherFixed(const vector::Column& entries, std::span<const uint32_t> codes,
                 vector::Column& out) {
    const T* from = entries.values<T>();
    T* to = reinterpret_cast<T*>(out.extendFixed(static_cast<uint32_t>(codes.size())));
    for (size_t i = 0; i < codes.size(); ++i)
        to[i] = from[codes[i]];
}

}  // namespace

void appendEntries(const vector::Column& entries, std::span<const uint32_t> codes,
                   vector::Column& out) {
    bool null = false;
    for (const uint32_t code : codes)
        null |= code == vector::kNullCode;
    if (!null && !codes.empty() && entries.nullCount() == 0) {
        if (entries.type().isBytes())
            return out.appendGathered(entries, codes);
        switch (entries.type().width) {
            case 1:
                return gatherFixed<uint8_t>(entries, codes, out);
            case 2:
                return gatherFixed<uint16_t>(entries, codes, out);
            case 4:
                return gatherFixed<uint32_t>(entries, codes, out);
            case 8:
                return gatherFixed<uint64_t>(entries, codes, out);
            default:
                break;
        }
    }
    for (const uint32_t code : codes) {
        if (code == vector::kNullCode) {
            out.appendNull();
        } else {
            out.appendFrom(entries, code);
        }
    }
}

void encodeDictionary(const vector::Column& column, const DistinctValues& distinct,
                      const NodeOptions& options, base::ByteWriter& out) {
    out.u8(static_cast<uint8_t>(ColumnCodec::Dictionary));
    out.varint(distinct.count());
    const vector::Column entries =
        column.gather(distinct.representatives, std::pmr::new_delete_resource());
    const size_t part = out.beginPart();
    encodeColumn(entries, options.leaf(), out);
    out.endPart(part);
    const std::vector<uint64_t> codes(distinct.codes.begin(), distinct.codes.end());
    encodeIntegerPart(codes, options.effort, out);
}

ColumnDecoder* openDictionary(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context) {
    return context.arena.make<DictionaryDecoder>(in, type, rows, context);
}

}  // namespace footfall::encoding
