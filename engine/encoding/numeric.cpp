// PostgreSQL's numeric as scaled integers.
//
// A value arrives as PostgreSQL keeps it on disk, without the varlena header, little-endian:
//
//   uint16 header   top bits 10: short form. 0x2000 negative; bits 7 to 12 the display scale
//   (digits
//                   after the point, 0 to 63); bits 0 to 6 the weight, signed.
//                   top bits 00, 01: long form (positive, negative) with 14 bits of scale and an
//                   int16 weight after it. Top bits 11: NaN and the infinities.
//   int16 digits[]  in base 10,000, no zeros at either end. Digit i counts 10000^(weight - i).
//                   Zero has no digits, weight 0, and is positive.
//
// A value whose mantissa (value times 10^scale) fits 18 decimal digits and whose bytes are exactly
// what this file's composer makes of mantissa and scale is stored as those two; every other one is
// an exception. Stored: scales (an integer stream), mantissas (a stream), exceptions.
#include <algorithm>
#include <array>

#include "engine/encoding/column_codecs.h"
#include "engine/encoding/exceptions.h"

namespace footfall::encoding {
namespace {

constexpr uint16_t kShort = 0x8000;
constexpr uint16_t kFormMask = 0xC000;
constexpr uint16_t kShortNegative = 0x2000;
constexpr unsigned kScaleShift = 7;
constexpr uint16_t kScaleMask = 0x1F80;
constexpr uint16_t kWeightSign = 0x0040;
constexpr uint16_t kWeightMask = 0x003F;
constexpr int kMaxScale = 63;
constexpr int64_t kMaxMantissa = 999999999999999999;
constexpr unsigned kBase = 10000;
constexpr std::array<uint64_t, 4> kSmallPowers = {1, 10, 100, 1000};
// Header and the digits of a mantissa of 18 decimal digits shifted by up to three more.
constexpr size_t kMaxComposed = 2 + 2 * 8;

// Writes the canonical bytes of mantissa / 10^scale; returns their count.
size_t compose(int64_t mantissa, int scale, std::byte* out) {
    const bool negative = mantissa < 0;
    uint64_t magnitude =
        negative ? 0 - static_cast<uint64_t>(mantissa) : static_cast<uint64_t>(mantissa);
    std::array<uint16_t, 8> digits;  // least significant first
    int count = 0;
    int weight = 0;
    int low = 0;
    if (magnitude != 0) {
        const int fractionDigits = (scale + 3) / 4;
        // The lowest digit is partly filled when the scale is no multiple of four.
        const auto padding = static_cast<unsigned>(fractionDigits * 4 - scale);
        const uint64_t lowest = kSmallPowers[(4 - padding) % 4];
        if (padding != 0) {
            digits[0] = static_cast<uint16_t>(magnitude % lowest * kSmallPowers[padding]);
            magnitude /= lowest;
            count = 1;
        }
        while (magnitude != 0) {
            digits[static_cast<size_t>(count++)] = static_cast<uint16_t>(magnitude % kBase);
            magnitude /= kBase;
        }
        while (count > 0 && digits[static_cast<size_t>(count) - 1] == 0)
            --count;
        weight = count - fractionDigits - 1;
        while (low < count && digits[static_cast<size_t>(low)] == 0)
            ++low;
    }
    const auto header = static_cast<uint16_t>(
        kShort | (negative ? kShortNegative : 0) | static_cast<unsigned>(scale) << kScaleShift |
        (static_cast<unsigned>(weight) & (kWeightSign | kWeightMask)));
    std::memcpy(out, &header, 2);
    size_t at = 2;
    for (int i = count; i-- > low; at += 2) {
        std::memcpy(out + at, &digits[static_cast<size_t>(i)], 2);
    }
    return at;
}

bool parse(std::string_view bytes, int64_t& mantissa, int& scale) {
    if (bytes.size() < 2 || bytes.size() % 2 != 0 || bytes.size() > kMaxComposed)
        return false;
    uint16_t header;
    std::memcpy(&header, bytes.data(), 2);
    if ((header & kFormMask) != kShort)
        return false;
    scale = (header & kScaleMask) >> kScaleShift;
    int weight = header & kWeightMask;
    if ((header & kWeightSign) != 0)
        weight -= kWeightSign;
    const auto count = static_cast<int>(bytes.size() / 2) - 1;
    // mantissa = sum of digit[i] * 10^(4 * (weight - i) + scale)
    unsigned __int128 magnitude = 0;
    for (int i = 0; i < count; ++i) {
        uint16_t digit;
        std::memcpy(&digit, bytes.data() + 2 + static_cast<size_t>(i) * 2, 2);
        if (digit >= kBase)
            return false;
        magnitude = magnitude * kBase + digit;
    }
    int shift = 4 * (weight - count + 1) + scale;
    for (; shift > 0; --shift) {
        magnitude *= 10;
        if (magnitude > static_cast<uint64_t>(kMaxMantissa))
            return false;
    }
    for (; shift < 0 && magnitude != 0; ++shift) {
        if (magnitude % 10 != 0)
            return false;
        magnitude /= 10;
    }
    if (magnitude > static_cast<uint64_t>(kMaxMantissa))
        return false;
    mantissa = static_cast<int64_t>(magnitude);
    if ((header & kShortNegative) != 0)
        mantissa = -mantissa;
    std::array<std::byte, kMaxComposed> composed;
    const size_t size = compose(mantissa, scale, composed.data());
    return bytes == std::string_view(reinterpret_cast<const char*>(composed.data()), size);
}

class NumericDecoder final : public ColumnDecoder {
  public:
    NumericDecoder(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                   OpenContext& context)
        : ColumnDecoder(type, rows),
          scales_(openIntegerPart(in, rows, context.arena)),
          mantissas_(openIntegerPart(in, rows, context.arena)),
          exceptions_(in, type, rows, context) {
        in.expectEnd();
    }

    void append(uint32_t first, uint32_t count, vector::Column& out) override {
        uint64_t scales[kBatchRows];
        uint64_t mantissas[kBatchRows];
        std::array<std::byte, kMaxComposed> composed;
        while (count > 0) {
            const uint32_t part = std::min(count, kBatchRows);
            exceptions_.load(first, part);
            scales_->decode(first, part, scales);
            mantissas_->decode(first, part, mantissas);
            for (uint32_t i = 0; i < part; ++i) {
                if (exceptions_.appendIf(first + i, out))
                    continue;
                const auto mantissa = static_cast<int64_t>(mantissas[i]);
                if (scales[i] > kMaxScale || mantissa > kMaxMantissa || mantissa < -kMaxMantissa) {
                    base::throwCorrupt("a numeric has an impossible scale or mantissa");
                }
                const size_t size = compose(mantissa, static_cast<int>(scales[i]), composed.data());
                out.appendBytes(composed.data(), size);
            }
            first += part;
            count -= part;
        }
    }

  private:
    IntDecoder* scales_;
    IntDecoder* mantissas_;
    Exceptions exceptions_;
};

}  // namespace

bool encodeNumeric(const vector::Column& column, const NodeOptions& options,
                   base::ByteWriter& out) {
    const uint32_t rows = column.size();
    std::vector<uint64_t> scales(rows);
    std::vector<uint64_t> mantissas(rows);
    std::vector<uint32_t> exceptions;
    int64_t mantissa = 0;
    int scale = 0;
    for (uint32_t row = 0; row < rows; ++row) {
        int64_t parsed = 0;
        int parsedScale = 0;
        if (parse(column.bytesAt(row), parsed, parsedScale)) {
            mantissa = parsed;
            scale = parsedScale;
        } else {
            exceptions.push_back(row);
            if (exceptions.size() > rows / 4)
                return false;
        }
        scales[row] = static_cast<uint64_t>(scale);
        mantissas[row] = static_cast<uint64_t>(mantissa);
    }
    out.u8(static_cast<uint8_t>(ColumnCodec::Numeric));
    encodeIntegerPart(scales, options.effort, out);
    encodeIntegerPart(mantissas, options.effort, out);
    encodeExceptions(column, exceptions, options, out);
    return true;
}

ColumnDecoder* openNumeric(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                           OpenContext& context) {
    return context.arena.make<NumericDecoder>(in, type, rows, context);
}

}  // namespace footfall::encoding
