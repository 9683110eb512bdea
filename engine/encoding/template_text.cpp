// Text of one pattern with integers in it: '/p/123?s=987654321' as '/p/', 123, '?s=', 987654321.
//
// A value matches when its pieces between digit runs are the pattern's and each digit run is one
// that its slot can give back: no leading zero and at most 19 digits, or (padded slot) exactly as
// many digits as the slot says. Other values are exceptions; the streams repeat the predecessor
// there. A slot that equals an integer column of the segment in every row is a reference to it.
//
// Stored: the number of slots; the pieces, one more than slots, each with its length; per slot its
// digits (0 natural, else padded to that many), its source (0 own stream, 1 column) and the stream
// as a part or the column's index; the exceptions.
#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "engine/base/buffer.h"
#include "engine/encoding/column_codecs.h"
#include "engine/encoding/exceptions.h"

namespace footfall::encoding {
namespace {

constexpr size_t kMaxSlots = 16;
constexpr size_t kMaxDigits = 19;
constexpr size_t kMaxPieces = 4096;  // bytes of all pieces
constexpr size_t kMaxNumber = 20;    // characters of a 64-bit number
constexpr uint8_t kOwnStream = 0;
constexpr uint8_t kColumn = 1;

bool isDigit(char c) {
    return c >= '0' && c <= '9';
}

// Splits into pieces and digit runs; false when there are too many, or none.
bool split(std::string_view text, std::vector<std::string_view>& pieces,
           std::vector<std::string_view>& numbers) {
    pieces.clear();
    numbers.clear();
    size_t at = 0;
    while (true) {
        const size_t piece = at;
        while (at < text.size() && !isDigit(text[at]))
            ++at;
        pieces.push_back(text.substr(piece, at - piece));
        if (at == text.size())
            return !numbers.empty();
        const size_t number = at;
        while (at < text.size() && isDigit(text[at]))
            ++at;
        if (numbers.size() == kMaxSlots)
            return false;
        numbers.push_back(text.substr(number, at - number));
    }
}

struct Slot {
    uint8_t digits = 0;  // 0 natural
};

struct Pattern {
    std::vector<std::string> pieces;
    std::vector<Slot> slots;
};

// The first sampled value's pieces; padded slots where leading zeros were seen and all lengths
// agree. False when too few of the sample share the pieces.
bool findPattern(const vector::Column& column, Pattern& pattern) {
    const uint32_t rows = column.size();
    const uint32_t count = std::min<uint32_t>(rows, 64);
    std::vector<std::string_view> pieces;
    std::vector<std::string_view> numbers;
    std::vector<std::vector<std::string_view>> samples;
    for (uint32_t i = 0; i < count; ++i) {
        const auto value = column.bytesAt(static_cast<uint32_t>(uint64_t{i} * rows / count));
        if (value.size() > kMaxPieces || !split(value, pieces, numbers))
            continue;
        if (pattern.pieces.empty())
            pattern.pieces.assign(pieces.begin(), pieces.end());
        if (std::equal(pieces.begin(), pieces.end(), pattern.pieces.begin(),
                       pattern.pieces.end())) {
            samples.push_back(numbers);
        }
    }
    if (samples.empty() || samples.size() < count - count / 8)
        return false;
    pattern.slots.resize(samples[0].size());
    for (size_t s = 0; s < pattern.slots.size(); ++s) {
        bool padded = false;
        bool sameLength = true;
        for (const auto& sample : samples) {
            padded = padded || (sample[s].size() > 1 && sample[s][0] == '0');
            sameLength = sameLength && sample[s].size() == samples[0][s].size();
        }
        if (samples[0][s].size() > kMaxDigits)
            return false;
        if (padded && sameLength)
            pattern.slots[s].digits = static_cast<uint8_t>(samples[0][s].size());
    }
    return true;
}

// Matches one value in one pass; `words` gets the integers.
bool match(std::string_view text, const Pattern& pattern, uint64_t* words) {
    const char* at = text.data();
    const char* const end = at + text.size();
    for (size_t s = 0;; ++s) {
        const std::string& piece = pattern.pieces[s];
        if (!std::string_view(at, static_cast<size_t>(end - at)).starts_with(piece))
            return false;
        at += piece.size();
        if (s == pattern.slots.size())
            return at == end;
        const char* const begin = at;
        uint64_t value = 0;
        for (; at < end && isDigit(*at); ++at) {
            if (static_cast<size_t>(at - begin) == kMaxDigits)
                return false;
            value = value * 10 + static_cast<uint64_t>(*at - '0');
        }
        const auto digits = static_cast<size_t>(at - begin);
        if (pattern.slots[s].digits != 0) {
            if (digits != pattern.slots[s].digits)
                return false;
        } else if (digits == 0 || (digits > 1 && *begin == '0')) {
            return false;
        }
        words[s] = value;
    }
}

class TemplateDecoder final : public ColumnDecoder {
  public:
    TemplateDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                    OpenContext& context)
        : ColumnDecoder(type, rows),
          pieces_(context.arena.resource()),
          slots_(context.arena.resource()),
          words_(context.arena.resource()),
          referred_(vector::ColumnType{}, context.arena.resource()),
          text_(context.arena.resource()),
          exceptions_(readPattern(in, rows, context), type, rows, context) {
        in.expectEnd();
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows);
            exceptions_.load(first, part);
            for (size_t s = 0; s < slots_.size(); ++s)
                fetch(slots_[s], first, part, wordsOf(s));
            appendBatch(first, part, out);
            first += part;
            count -= part;
        }
    }

  private:
    struct StoredSlot {
        uint8_t digits;
        IntDecoder* stream;     // or
        ColumnDecoder* column;  // one of the two
    };

    base::ByteReader& readPattern(base::ByteReader& in, uint32_t rows, OpenContext& context) {
        const auto slots = static_cast<size_t>(in.varintUpTo(kMaxSlots, "slots of a template"));
        size_t bytes = 0;
        for (size_t p = 0; p <= slots; ++p) {
            const uint64_t size = in.varintUpTo(kMaxPieces, "bytes of a template's piece");
            bytes += size;
            if (bytes > kMaxPieces)
                base::throwCorrupt("a template of more than 4 kB");
            pieces_.push_back(in.text(size));
        }
        pieceBytes_ = bytes;
        for (size_t s = 0; s < slots; ++s) {
            StoredSlot slot{in.u8(), nullptr, nullptr};
            if (slot.digits > kMaxDigits)
                base::throwCorrupt("a slot of %d digits", slot.digits);
            const uint8_t source = in.u8();
            if (source == kOwnStream) {
                slot.stream = openIntegerPart(in, rows, context.arena);
            } else if (source == kColumn) {
                slot.column = &resolveParent(in.varint(), rows, context);
                if (!slot.column->type().isInteger()) {
                    base::throwCorrupt("a template refers to a column that is no integer");
                }
            } else {
                base::throwCorrupt("source %d of a slot is not known", source);
            }
            slots_.push_back(slot);
        }
        words_.resize(slots * kBatchRows);
        return in;
    }

    uint64_t* wordsOf(size_t slot) { return words_.data() + slot * kBatchRows; }

    void fetch(const StoredSlot& slot, uint32_t first, uint32_t count, uint64_t* words) {
        if (slot.stream != nullptr)
            return slot.stream->decode(first, count, words);
        referred_.reset(slot.column->type());
        slot.column->append(first, count, referred_);
        widenIntegers(referred_, {words, count});
    }

    void appendBatch(uint32_t first, uint32_t count, vector::Column& out) {
        const size_t longest = pieceBytes_ + slots_.size() * kMaxNumber;
        if (!exceptions_.any()) {
            text_.clear();
            text_.resize(longest * count + 1);  // a value may be empty: never a null pointer
            uint64_t lengths[kBatchRows];
            char* const begin = reinterpret_cast<char*>(text_.data());
            char* at = begin;
            for (uint32_t i = 0; i < count; ++i) {
                char* const end = writeRow(i, at);
                lengths[i] = static_cast<uint64_t>(end - at);
                at = end;
            }
            return out.appendValues(begin, {lengths, count});
        }
        text_.clear();
        text_.resize(longest + 1);
        char* const begin = reinterpret_cast<char*>(text_.data());
        for (uint32_t i = 0; i < count; ++i) {
            if (exceptions_.appendIf(first + i, out))
                continue;
            out.appendBytes(begin, static_cast<size_t>(writeRow(i, begin) - begin));
        }
    }

    // Writes row `row` of the batch; returns its end. There is room for a value of any numbers.
    char* writeRow(uint32_t row, char* at) {
        for (size_t s = 0;; ++s) {
            const std::string_view piece = pieces_[s];
            std::memcpy(at, piece.data(), piece.size());
            at += piece.size();
            if (s == slots_.size())
                return at;
            const uint64_t word = wordsOf(s)[row];
            const unsigned digits = slots_[s].digits;
            if (digits == 0) {
                at = std::to_chars(at, at + kMaxNumber, word).ptr;
            } else {
                uint64_t rest = word;
                for (unsigned d = digits; d-- > 0; rest /= 10) {
                    at[d] = static_cast<char>('0' + rest % 10);
                }
                at += digits;
            }
        }
    }

    std::pmr::vector<std::string_view> pieces_;
    std::pmr::vector<StoredSlot> slots_;
    std::pmr::vector<uint64_t> words_;
    vector::Column referred_;
    base::Buffer text_;
    size_t pieceBytes_ = 0;
    Exceptions exceptions_;
};

// The integer column that equals `words` in every row but the exceptions.
const IntegerColumn* findEqual(std::span<const uint64_t> words, std::span<const uint32_t> except,
                               std::span<const IntegerColumn> columns) {
    std::vector<uint64_t> other(words.size());
    for (const IntegerColumn& candidate : columns) {
        const vector::Column& column = *candidate.column;
        const auto agrees = [&](uint32_t row) {
            return !column.isNull(row) &&
                   static_cast<uint64_t>(column.integerAt(row)) == words[row];
        };
        size_t next = 0;
        uint32_t row = 0;
        for (; row < words.size(); ++row) {
            if (next < except.size() && except[next] == row) {
                ++next;
            } else if (!agrees(row)) {
                break;
            }
        }
        if (row == words.size())
            return &candidate;
    }
    return nullptr;
}

}  // namespace

bool encodeTemplate(const vector::Column& column, const NodeOptions& options,
                    base::ByteWriter& out) {
    Pattern pattern;
    const uint32_t rows = column.size();
    if (rows < 16 || !findPattern(column, pattern))
        return false;
    size_t pieceBytes = 0;
    for (const std::string& piece : pattern.pieces)
        pieceBytes += piece.size();
    if (pieceBytes > kMaxPieces)
        return false;
    const size_t slots = pattern.slots.size();
    std::vector<std::vector<uint64_t>> streams(slots, std::vector<uint64_t>(rows));
    std::vector<uint32_t> exceptions;
    std::array<uint64_t, kMaxSlots> words{};
    std::array<uint64_t, kMaxSlots> kept{};
    for (uint32_t row = 0; row < rows; ++row) {
        if (match(column.bytesAt(row), pattern, words.data())) {
            kept = words;
        } else {
            exceptions.push_back(row);
            if (exceptions.size() > rows / 8)
                return false;
        }
        for (size_t s = 0; s < slots; ++s)
            streams[s][row] = kept[s];
    }
    out.u8(static_cast<uint8_t>(ColumnCodec::Template));
    out.varint(slots);
    for (const std::string& piece : pattern.pieces) {
        out.varint(piece.size());
        out.append(piece);
    }
    for (size_t s = 0; s < slots; ++s) {
        out.u8(pattern.slots[s].digits);
        const IntegerColumn* equal = findEqual(streams[s], exceptions, options.integers);
        if (equal != nullptr && options.references != nullptr) {
            out.u8(kColumn);
            out.varint(equal->index);
            options.references->push_back(equal->index);
        } else {
            out.u8(kOwnStream);
            encodeIntegerPart(streams[s], options.effort, out);
        }
    }
    encodeExceptions(column, exceptions, options, out);
    return true;
}

ColumnDecoder* openTemplate(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                            OpenContext& context) {
    return context.arena.make<TemplateDecoder>(in, type, rows, context);
}

}  // namespace footfall::encoding
