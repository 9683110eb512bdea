// Floats that are short decimals, as integers: 19.99 as 1999 with two digits.
//
// After ALP (Afroozeh, Kuffo, Boncz, SIGMOD 2023), with a division by a power of ten in place of
// its multiplications: a correctly rounded division gives back exactly the float nearest to the
// decimal, so a value that was read from decimal text is never an exception. What does not come
// back bit for bit (-0.0, NaN, infinities, values with more digits) is an exception.
//
// Stored: digits, the number of exceptions, the integers (a stream; exceptions repeat their
// predecessor), the exceptions' rows (a stream) and bits (a stream).
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "engine/encoding/column_codecs.h"

namespace footfall::encoding {
namespace {

constexpr int kMaxDigits = 18;
constexpr std::array<double, kMaxDigits + 1> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                                        1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                                        1e14, 1e15, 1e16, 1e17, 1e18};
// Integers beyond this are not exact in a double.
constexpr double kMaxInteger = 9007199254740992.0;

template <class T>
T decodeOne(int64_t integer, double power) {
    return static_cast<T>(static_cast<double>(integer) / power);
}

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

template <class T>
bool encodeOne(T value, double power, int64_t& integer) {
    const double scaled = static_cast<double>(value) * power;
    if (!(std::fabs(scaled) <= kMaxInteger))
        return false;
    integer = static_cast<int64_t>(std::nearbyint(scaled));
    return std::bit_cast<BitsOf<T>>(decodeOne<T>(integer, power)) ==
           std::bit_cast<BitsOf<T>>(value);
}

template <class T>
class DecimalDecoder final : public ColumnDecoder {
  public:
    DecimalDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows, Arena& arena)
        : ColumnDecoder(type, rows), rows_(arena.resource()), bits_(arena.resource()) {
        const uint8_t digits = in.u8();
        if (digits > kMaxDigits)
            base::throwCorrupt("decimals of %d digits", digits);
        power_ = kPowers[digits];
        const auto count = static_cast<uint32_t>(in.varintUpTo(rows, "exceptions"));
        integers_ = openIntegerPart(in, rows, arena);
        if (count != 0) {
            rows_.resize(count);
            openIntegerPart(in, count, arena)->decode(0, count, rows_.data());
            bits_.resize(count);
            openIntegerPart(in, count, arena)->decode(0, count, bits_.data());
            if (!std::is_sorted(rows_.begin(), rows_.end())) {
                base::throwCorrupt("exceptions are out of order");
            }
        }
        in.expectEnd();
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        uint64_t words[kBatchRows];
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows);
            integers_->decode(first, part, words);
            T* to = reinterpret_cast<T*>(out.extendFixed(part));
            const double power = power_;
            for (uint32_t i = 0; i < part; ++i) {
                to[i] = decodeOne<T>(static_cast<int64_t>(words[i]), power);
            }
            placeExceptions(first, part, to);
            first += part;
            count -= part;
        }
    }

    void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                  vector::Block& out) override {
        uint64_t words[kBatchRows];
        integers_->gather(first, positions, words);
        T* to = reinterpret_cast<T*>(makeFlat(type(), count, out));
        const double power = power_;
        for (size_t i = 0; i < positions.size(); ++i)
            to[positions[i]] = decodeOne<T>(static_cast<int64_t>(words[i]), power);
        placeExceptions(first, count, to);
    }

  private:
    void placeExceptions(uint32_t first, uint32_t count, T* to) const {
        auto at = std::lower_bound(rows_.begin(), rows_.end(), first);
        for (; at != rows_.end() && *at < first + count; ++at) {
            const auto bits = static_cast<BitsOf<T>>(bits_[at - rows_.begin()]);
            to[*at - first] = std::bit_cast<T>(bits);
        }
    }

    double power_;
    IntDecoder* integers_;
    std::pmr::vector<uint64_t> rows_;
    std::pmr::vector<uint64_t> bits_;
};

// The least number of digits that keeps the most of a sample; -1 when decimals do not fit.
template <class T>
int chooseDigits(const T* values, uint32_t rows) {
    constexpr uint32_t kSample = 256;
    const uint32_t count = std::min(rows, kSample);
    int best = -1;
    uint32_t bestHits = count / 2;
    for (int digits = 0; digits <= kMaxDigits; ++digits) {
        uint32_t hits = 0;
        int64_t integer = 0;
        for (uint32_t i = 0; i < count; ++i) {
            const T value = values[uint64_t{i} * rows / count];
            hits += encodeOne(value, kPowers[static_cast<size_t>(digits)], integer) ? 1 : 0;
        }
        if (hits > bestHits) {
            best = digits;
            bestHits = hits;
        }
        if (hits == count)
            break;
    }
    return best;
}

template <class T>
bool encodeAs(const vector::Column& column, Effort effort, base::ByteWriter& out) {
    const T* values = column.values<T>();
    const uint32_t rows = column.size();
    const int digits = chooseDigits(values, rows);
    if (digits < 0)
        return false;
    const double power = kPowers[static_cast<size_t>(digits)];
    std::vector<uint64_t> integers(rows);
    std::vector<uint64_t> exceptionRows;
    std::vector<uint64_t> exceptionBits;
    int64_t last = 0;
    for (uint32_t row = 0; row < rows; ++row) {
        int64_t integer = 0;
        if (encodeOne(values[row], power, integer)) {
            last = integer;
        } else {
            exceptionRows.push_back(row);
            exceptionBits.push_back(std::bit_cast<BitsOf<T>>(values[row]));
        }
        integers[row] = static_cast<uint64_t>(last);
    }
    if (exceptionRows.size() > rows / 4)
        return false;
    out.u8(static_cast<uint8_t>(ColumnCodec::Decimal));
    out.u8(static_cast<uint8_t>(digits));
    out.varint(exceptionRows.size());
    encodeIntegerPart(integers, effort, out);
    if (!exceptionRows.empty()) {
        encodeIntegerPart(exceptionRows, effort, out);
        encodeIntegerPart(exceptionBits, effort, out);
    }
    return true;
}

}  // namespace

bool encodeDecimal(const vector::Column& column, Effort effort, base::ByteWriter& out) {
    return column.type().kind == vector::Kind::Float32 ? encodeAs<float>(column, effort, out)
                                                       : encodeAs<double>(column, effort, out);
}

ColumnDecoder* openDecimal(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                           OpenContext& context) {
    if (type.kind == vector::Kind::Float32) {
        return context.arena.make<DecimalDecoder<float>>(in, type, rows, context.arena);
    }
    return context.arena.make<DecimalDecoder<double>>(in, type, rows, context.arena);
}

}  // namespace footfall::encoding
