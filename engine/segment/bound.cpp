#include "engine/segment/bound.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/hash.h"

namespace footfall::segment {

BoundKind boundKind(vector::ColumnType type) noexcept {
    if (type.isInteger())
        return BoundKind::Integer;
    return type.isFloat() ? BoundKind::Float : BoundKind::Bytes;
}

bool hasNaturalOrder(vector::ColumnType type) noexcept {
    return type.content != vector::Content::Numeric && type.content != vector::Content::Jsonb;
}

Scalar Scalar::of(int64_t value) noexcept {
    Scalar scalar;
    scalar.integer = value;
    return scalar;
}

Scalar Scalar::of(double value) noexcept {
    Scalar scalar;
    scalar.kind = BoundKind::Float;
    scalar.real = value;
    return scalar;
}

Scalar Scalar::of(std::string_view value) noexcept {
    Scalar scalar;
    scalar.kind = BoundKind::Bytes;
    scalar.bytes = value;
    return scalar;
}

Scalar Scalar::at(const vector::Column& column, uint32_t row) noexcept {
    const vector::ColumnType type = column.type();
    switch (boundKind(type)) {
        case BoundKind::Integer:
            return of(column.integerAt(row));
        case BoundKind::Float:
            return of(column.floatAt(row));
        case BoundKind::Bytes:
            break;
    }
    if (type.isBytes())
        return of(column.bytesAt(row));
    return of(std::string_view(reinterpret_cast<const char*>(column.fixedAt(row)), type.width));
}

namespace {

template <class T>
int order(T a, T b) noexcept {
    return a < b ? -1 : (b < a ? 1 : 0);
}

int orderFloats(double a, double b) noexcept {
    if (std::isnan(a))
        return std::isnan(b) ? 0 : 1;
    if (std::isnan(b))
        return -1;
    return order(a, b);
}

int sign(int value) noexcept {
    return value < 0 ? -1 : (value > 0 ? 1 : 0);
}

}  // namespace

int compare(const Scalar& a, const Scalar& b) noexcept {
    switch (a.kind) {
        case BoundKind::Integer:
            return order(a.integer, b.integer);
        case BoundKind::Float:
            return orderFloats(a.real, b.real);
        case BoundKind::Bytes:
            break;
    }
    return sign(a.bytes.compare(b.bytes));
}

Bound Bound::of(const Scalar& value) noexcept {
    Bound bound;
    bound.kind = value.kind;
    bound.integer = value.integer;
    bound.real = value.real;
    bound.size = static_cast<uint8_t>(std::min(value.bytes.size(), kPrefix));
    bound.truncated = value.bytes.size() > kPrefix;
    if (bound.size != 0)
        std::memcpy(bound.prefix, value.bytes.data(), bound.size);
    return bound;
}

int compare(const Bound& bound, const Scalar& value, int undecided) noexcept {
    switch (bound.kind) {
        case BoundKind::Integer:
            return order(bound.integer, value.integer);
        case BoundKind::Float:
            return orderFloats(bound.real, value.real);
        case BoundKind::Bytes:
            break;
    }
    if (!bound.truncated)
        return sign(bound.bytes().compare(value.bytes));
    const int prefix = bound.bytes().compare(value.bytes.substr(0, bound.size));
    if (prefix != 0)
        return sign(prefix);
    // The whole prefix agrees: a value no longer than it comes before what was cut.
    return value.bytes.size() <= bound.size ? 1 : undecided;
}

uint64_t orderKey(const Scalar& value) noexcept {
    constexpr uint64_t kSign = uint64_t{1} << 63;
    switch (value.kind) {
        case BoundKind::Integer:
            return static_cast<uint64_t>(value.integer) ^ kSign;
        case BoundKind::Float: {
            if (std::isnan(value.real))
                return UINT64_MAX;
            const auto bits = std::bit_cast<uint64_t>(value.real == 0 ? 0.0 : value.real);
            return (bits & kSign) != 0 ? ~bits : bits | kSign;
        }
        case BoundKind::Bytes:
            break;
    }
    uint64_t word = 0;
    if (!value.bytes.empty()) {
        std::memcpy(&word, value.bytes.data(), std::min<size_t>(8, value.bytes.size()));
    }
    return __builtin_bswap64(word);
}

uint64_t hashOf(const Scalar& value) noexcept {
    switch (value.kind) {
        case BoundKind::Integer:
            return base::hashInteger(static_cast<uint64_t>(value.integer));
        case BoundKind::Float: {
            double real = value.real == 0 ? 0.0 : value.real;
            if (std::isnan(real))
                real = std::numeric_limits<double>::quiet_NaN();
            return base::hashInteger(std::bit_cast<uint64_t>(real));
        }
        case BoundKind::Bytes:
            break;
    }
    return base::hashBytes(value.bytes.data(), value.bytes.size());
}

}  // namespace footfall::segment
