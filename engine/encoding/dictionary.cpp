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
        uint64_t words[kBatchRows];
        const uint64_t entries = size_;
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows);
            codes_->decode(first, part, words);
            uint64_t all = 0;
            for (uint32_t i = 0; i < part; ++i) {
                all |= words[i];
                out[i] = static_cast<uint32_t>(words[i]);
            }
            uint64_t greatest = all;
            if (all >= entries) {
                greatest = 0;
                for (uint32_t i = 0; i < part; ++i)
                    greatest = std::max(greatest, words[i]);
            }
            if (greatest >= entries) {
                if (greatest > entries) {
                    base::throwCorrupt("code %llu in a dictionary of %llu",
                                       static_cast<unsigned long long>(greatest),
                                       static_cast<unsigned long long>(entries));
                }
                for (uint32_t i = 0; i < part; ++i) {
                    if (out[i] == entries)
                        out[i] = vector::kNullCode;
                }
            }
            out += part;
            first += part;
            count -= part;
        }
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

  private:
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
