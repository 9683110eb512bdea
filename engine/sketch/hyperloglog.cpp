// See hyperloglog.h.
#include "engine/sketch/hyperloglog.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "engine/sketch/sketch_format.h"

namespace footfall::sketch {

namespace {

constexpr uint8_t kVersion = 1;
constexpr int kTokenIndexBits = 26;
constexpr int kTokenTailBits = 64 - kTokenIndexBits;
constexpr size_t kFirstSlots = 16;
enum class Form : uint8_t { Tokens = 0, Registers = 1 };

// A token's zeros: those after its index, as many as there are bits when all are zero.
uint32_t zerosOf(uint32_t token) {
    return token & 63;
}

size_t slotOf(uint32_t token, size_t slots) {
    return (token * 0x9e3779b1U) >> (32 - std::countr_zero(slots));
}

// Of Ertl's paper, section 3: the corrections for registers that are 0 and that are full.
double sigma(double x) {
    if (x == 1.0)
        return std::numeric_limits<double>::infinity();
    double y = 1.0;
    double z = x;
    double before;
    do {
        x *= x;
        before = z;
        z += x * y;
        y += y;
    } while (z != before);
    return z;
}

double tau(double x) {
    if (x == 0.0 || x == 1.0)
        return 0.0;
    double y = 1.0;
    double z = 1.0 - x;
    double before;
    do {
        x = std::sqrt(x);
        before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
    } while (z != before);
    return z / 3.0;
}

}  // namespace

void HyperLogLog::setPrecision(int64_t precision) {
    if (precision_ != 0 && precision != precision_)
        base::throwBadArgument("the precision varies within a group");
    if (precision < kMinPrecision || precision > kMaxPrecision) {
        base::throwBadArgument("the precision of a hyperloglog is %lld to %lld, not %lld",
                               static_cast<long long>(kMinPrecision),
                               static_cast<long long>(kMaxPrecision),
                               static_cast<long long>(precision));
    }
    precision_ = precision;
}

uint32_t HyperLogLog::tokenOf(uint64_t hash) noexcept {
    const uint64_t tail = hash << kTokenIndexBits;
    const int zeros = tail == 0 ? kTokenTailBits : std::countl_zero(tail);
    return static_cast<uint32_t>(hash >> kTokenTailBits) << 6 | static_cast<uint32_t>(zeros);
}

bool HyperLogLog::tryAddToken(uint32_t token) noexcept {
    if (tokens_.empty())
        return false;
    const size_t mask = tokens_.size() - 1;
    size_t at = slotOf(token, tokens_.size());
    for (; tokens_[at] != 0; at = (at + 1) & mask) {
        if (tokens_[at] == token + 1)
            return true;
    }
    if (count_ >= maxTokens() || count_ >= tokens_.size() / 4 * 3)
        return false;
    tokens_[at] = token + 1;
    ++count_;
    return true;
}

void HyperLogLog::addToken(uint32_t token) {
    if (!registers_.empty()) {
        raiseByToken(token);
        return;
    }
    while (!tryAddToken(token)) {
        grow();
        if (!registers_.empty()) {
            raiseByToken(token);
            return;
        }
    }
}

void HyperLogLog::grow() {
    if (count_ >= maxTokens())
        makeRegisters();
    else
        rehash(tokens_.empty() ? kFirstSlots : tokens_.size() * 2);
}

void HyperLogLog::rehash(size_t slots) {
    std::pmr::vector<uint32_t> fresh(slots, 0, tokens_.get_allocator());
    for (const uint32_t stored : tokens_) {
        if (stored == 0)
            continue;
        size_t at = slotOf(stored - 1, slots);
        while (fresh[at] != 0)
            at = (at + 1) & (slots - 1);
        fresh[at] = stored;
    }
    tokens_.swap(fresh);
}

void HyperLogLog::makeRegisters() {
    registers_.assign(size_t{1} << precision_, 0);
    for (const uint32_t stored : tokens_) {
        if (stored != 0)
            raiseByToken(stored - 1);
    }
    std::pmr::vector<uint32_t>(tokens_.get_allocator()).swap(tokens_);
    count_ = 0;
}

void HyperLogLog::raiseByToken(uint32_t token) noexcept {
    const int below = kTokenIndexBits - static_cast<int>(precision_);
    const uint32_t index = token >> 6;
    const uint32_t rest = index & ((uint32_t{1} << below) - 1);
    const int zeros =
        rest != 0 ? below - std::bit_width(rest) : below + static_cast<int>(zerosOf(token));
    uint8_t& value = registers_[index >> below];
    value = std::max(value, static_cast<uint8_t>(zeros + 1));
}

void HyperLogLog::raise(uint64_t hash) noexcept {
    const uint64_t rest = hash << precision_;
    const int zeros = rest == 0 ? 64 - static_cast<int>(precision_) : std::countl_zero(rest);
    uint8_t& value = registers_[hash >> (64 - precision_)];
    value = std::max(value, static_cast<uint8_t>(zeros + 1));
}

double HyperLogLog::estimateFromRegisters() const {
    const int top = 65 - static_cast<int>(precision_);
    std::array<uint32_t, 64> histogram{};
    for (const uint8_t value : registers_)
        ++histogram[value];
    const auto count = static_cast<double>(registers_.size());
    double z = count * tau(1.0 - histogram[static_cast<size_t>(top)] / count);
    for (int value = top - 1; value >= 1; --value)
        z = 0.5 * (z + histogram[static_cast<size_t>(value)]);
    z += count * sigma(histogram[0] / count);
    return count * count / (2.0 * std::log(2.0)) / z;
}

uint64_t HyperLogLog::estimate() const {
    if (registers_.empty()) {
        // Two values share a token once in 3 * 2^26 pairs.
        constexpr double kCells = 3.0 * (1 << kTokenIndexBits);
        const auto count = static_cast<double>(count_);
        return static_cast<uint64_t>(std::llround(-kCells * std::log1p(-count / kCells)));
    }
    // Registers that are all full would be infinitely many values.
    constexpr double kMost = 9.2e18;
    return static_cast<uint64_t>(std::min(std::round(estimateFromRegisters()), kMost));
}

double HyperLogLog::standardError() const {
    return 1.04 / std::sqrt(static_cast<double>(uint64_t{1} << precision_));
}

void HyperLogLog::pack(base::ByteWriter& writer) const {
    writeHeader(writer, SketchKind::HyperLogLog, kVersion);
    writer.u8(static_cast<uint8_t>(precision_));
    if (registers_.empty()) {
        writer.u8(static_cast<uint8_t>(Form::Tokens));
        writer.varint(count_);
        std::vector<uint32_t> sorted;
        sorted.reserve(count_);
        for (const uint32_t stored : tokens_) {
            if (stored != 0)
                sorted.push_back(stored);
        }
        std::ranges::sort(sorted);
        uint32_t before = 0;
        for (const uint32_t stored : sorted) {
            writer.varint(stored - before - 1);
            before = stored;
        }
        return;
    }
    writer.u8(static_cast<uint8_t>(Form::Registers));
    for (size_t i = 0; i < registers_.size(); i += 4) {
        const uint32_t four = uint32_t{registers_[i]} | uint32_t{registers_[i + 1]} << 6 |
                              uint32_t{registers_[i + 2]} << 12 | uint32_t{registers_[i + 3]} << 18;
        writer.u8(static_cast<uint8_t>(four));
        writer.u8(static_cast<uint8_t>(four >> 8));
        writer.u8(static_cast<uint8_t>(four >> 16));
    }
}

void HyperLogLog::adoptPrecision(int64_t precision, bool otherEmpty) {
    if (precision == precision_)
        return;
    if (precision_ == 0 || (empty() && !otherEmpty)) {
        precision_ = precision;
    } else if (otherEmpty) {
        // Of two empty ones the smaller precision, so that their order does not matter.
        if (empty())
            precision_ = std::min(precision_, precision);
    } else {
        base::throwBadArgument("hyperloglogs of precision %lld and %lld cannot be merged",
                               static_cast<long long>(precision_),
                               static_cast<long long>(precision));
    }
}

void HyperLogLog::unpack(base::ByteReader& reader, size_t) {
    readHeader(reader, SketchKind::HyperLogLog, kVersion);
    const int64_t precision = reader.u8();
    if (precision < kMinPrecision || precision > kMaxPrecision)
        base::throwCorrupt("a hyperloglog has precision %lld", static_cast<long long>(precision));
    const uint8_t form = reader.u8();
    if (form == static_cast<uint8_t>(Form::Tokens)) {
        const uint64_t most = uint64_t{1} << (precision - 3);
        const uint64_t count = reader.varintUpTo(most, "number of tokens");
        adoptPrecision(precision, count == 0);
        uint64_t next = 0;
        for (uint64_t i = 0; i < count; ++i) {
            const uint64_t token = next + reader.varintUpTo(UINT32_MAX, "distance of two tokens");
            if (token >= UINT32_MAX || (token & 63) > kTokenTailBits)
                base::throwCorrupt("a hyperloglog has an impossible token");
            addToken(static_cast<uint32_t>(token));
            next = token + 1;
        }
    } else if (form == static_cast<uint8_t>(Form::Registers)) {
        adoptPrecision(precision, false);
        const size_t registers = size_t{1} << precision;
        const auto bytes = reader.bytes(registers / 4 * 3);
        if (registers_.empty())
            makeRegisters();
        const auto top = static_cast<uint32_t>(65 - precision);
        for (size_t i = 0; i < registers; ++i) {
            const std::byte* three = bytes.data() + i / 4 * 3;
            const uint32_t four = std::to_integer<uint32_t>(three[0]) |
                                  std::to_integer<uint32_t>(three[1]) << 8 |
                                  std::to_integer<uint32_t>(three[2]) << 16;
            const uint32_t value = four >> (i % 4 * 6) & 63;
            if (value > top)
                base::throwCorrupt("a hyperloglog has an impossible register");
            registers_[i] = std::max(registers_[i], static_cast<uint8_t>(value));
        }
    } else {
        base::throwCorrupt("a hyperloglog has the unknown form %u", form);
    }
    reader.expectEnd();
}

}  // namespace footfall::sketch
