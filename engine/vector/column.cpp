#include "engine/vector/column.h"

#include <bit>

namespace footfall::vector {

ColumnType ColumnType::of(Kind kind, Content content) noexcept {
    switch (kind) {
        case Kind::Bool:
        case Kind::Int8:
            return {kind, content, 1};
        case Kind::Int16:
            return {kind, content, 2};
        case Kind::Int32:
        case Kind::Float32:
            return {kind, content, 4};
        case Kind::Int64:
        case Kind::Float64:
            return {kind, content, 8};
        case Kind::Fixed:
            return {kind, content, 16};
        case Kind::Bytes:
            break;
    }
    return {kind, content, 0};
}

bool ColumnType::valid() const noexcept {
    if (kind < Kind::Bool || kind > Kind::Bytes || content > Content::Uuid)
        return false;
    if (kind == Kind::Fixed)
        return width >= 1 && width <= kMaxFixedWidth;
    return width == of(kind).width;
}

Column::Column(ColumnType type, std::pmr::memory_resource* resource)
    : type_(type), data_(resource), ends_(resource), nullBits_(resource) {}

void Column::clear() noexcept {
    rows_ = 0;
    nulls_ = 0;
    data_.clear();
    ends_.clear();
    nullBits_.clear();
}

void Column::reset(ColumnType type) noexcept {
    clear();
    type_ = type;
}

void Column::reserve(uint32_t rows) {
    if (type_.isBytes()) {
        ends_.reserve(size_t{rows} * sizeof(uint32_t));
    } else {
        data_.reserve(size_t{rows} * type_.width);
    }
}

void Column::growNulls() {
    const size_t needed = (size_t{rows_} + 63) / 64 * 8;
    const size_t had = nullBits_.size();
    if (needed > had)
        std::memset(nullBits_.extend(needed - had), 0, needed - had);
}

void Column::appendNull() {
    if (type_.isBytes()) {
        const auto end = static_cast<uint32_t>(data_.size());
        std::memcpy(ends_.extend(sizeof(end)), &end, sizeof(end));
    } else {
        std::memset(data_.extend(type_.width), 0, type_.width);
    }
    ++rows_;
    markNull(rows_ - 1);
}

void Column::markNull(uint32_t row) {
    growNulls();
    ++nulls_;
    nullWords()[row >> 6] |= uint64_t{1} << (row & 63);
}

std::byte* Column::extendFixed(uint32_t rows) {
    std::byte* at = data_.extend(size_t{rows} * type_.width);
    rows_ += rows;
    if (nulls_ != 0)
        growNulls();
    return at;
}

void Column::appendValues(const void* data, std::span<const uint64_t> lengths) {
    auto* ends = reinterpret_cast<uint32_t*>(ends_.extend(lengths.size() * sizeof(uint32_t)));
    uint64_t end = data_.size();
    for (size_t i = 0; i < lengths.size(); ++i) {
        end += lengths[i];
        ends[i] = static_cast<uint32_t>(end);
    }
    if (end > kMaxHeap) {
        ends_.resize(size_t{rows_} * sizeof(uint32_t));
        throwTooLarge();
    }
    data_.append(data, end - data_.size());
    rows_ += static_cast<uint32_t>(lengths.size());
    if (nulls_ != 0)
        growNulls();
}

void Column::appendGathered(const Column& other, std::span<const uint32_t> rows) {
    uint64_t end = data_.size();
    for (const uint32_t row : rows)
        end += other.bytesAt(row).size();
    if (end > kMaxHeap)
        throwTooLarge();
    auto* ends = reinterpret_cast<uint32_t*>(ends_.extend(rows.size() * sizeof(uint32_t)));
    auto at = static_cast<uint32_t>(data_.size());
    std::byte* to = data_.extend(end - data_.size());
    for (size_t i = 0; i < rows.size(); ++i) {
        const std::string_view value = other.bytesAt(rows[i]);
        if (!value.empty())
            std::memcpy(to, value.data(), value.size());
        to += value.size();
        ends[i] = at += static_cast<uint32_t>(value.size());
    }
    rows_ += static_cast<uint32_t>(rows.size());
    if (nulls_ != 0)
        growNulls();
}

void Column::appendFrom(const Column& other, uint32_t row) {
    if (other.isNull(row)) {
        appendNull();
    } else if (type_.isBytes()) {
        appendBytes(other.bytesAt(row));
    } else {
        appendFixed(other.fixedAt(row));
    }
}

void Column::appendRange(const Column& other, uint32_t first, uint32_t count) {
    if (count == 0)
        return;
    if (type_.isBytes()) {
        const uint32_t* from = other.offsets() + first;
        const uint32_t begin = first == 0 ? 0 : from[-1];
        const uint32_t bytes = from[count - 1] - begin;
        if (bytes > kMaxHeap - data_.size())
            throwTooLarge();
        // Unsigned: a shift to the left wraps around, and back.
        const uint32_t shift = static_cast<uint32_t>(data_.size()) - begin;
        data_.append(other.heap() + begin, bytes);
        auto* ends = reinterpret_cast<uint32_t*>(ends_.extend(size_t{count} * sizeof(uint32_t)));
        for (uint32_t i = 0; i < count; ++i)
            ends[i] = from[i] + shift;
    } else {
        data_.append(other.fixedAt(first), size_t{count} * type_.width);
    }
    const uint32_t before = rows_;
    rows_ += count;
    if (nulls_ != 0)
        growNulls();
    if (other.nulls_ == 0)
        return;
    for (uint32_t i = 0; i < count; ++i) {
        if (other.isNull(first + i))
            markNull(before + i);
    }
}

void Column::setNulls(const uint64_t* words) {
    const size_t count = (size_t{rows_} + 63) / 64;
    nullBits_.resize(count * sizeof(uint64_t));
    nulls_ = 0;
    for (size_t i = 0; i < count; ++i) {
        nullWords()[i] = words[i];
        for (uint64_t left = words[i]; left != 0; left &= left - 1) {
            const size_t row = i * 64 + static_cast<size_t>(std::countr_zero(left));
            std::memset(data_.data() + row * type_.width, 0, type_.width);
            ++nulls_;
        }
    }
    if (nulls_ == 0)
        nullBits_.clear();
}

int64_t Column::integerAt(uint32_t row) const noexcept {
    switch (type_.kind) {
        case Kind::Bool:
            return values<uint8_t>()[row];
        case Kind::Int8:
            return values<int8_t>()[row];
        case Kind::Int16:
            return values<int16_t>()[row];
        case Kind::Int32:
            return values<int32_t>()[row];
        default:
            return values<int64_t>()[row];
    }
}

double Column::floatAt(uint32_t row) const noexcept {
    return type_.kind == Kind::Float32 ? static_cast<double>(values<float>()[row])
                                       : values<double>()[row];
}

namespace {

template <class T>
void gatherFixed(const std::byte* from, std::span<const uint32_t> rows, std::byte* to) {
    const T* source = reinterpret_cast<const T*>(from);
    T* target = reinterpret_cast<T*>(to);
    for (size_t i = 0; i < rows.size(); ++i)
        target[i] = source[rows[i]];
}

}  // namespace

Column Column::gather(std::span<const uint32_t> permutation,
                      std::pmr::memory_resource* resource) const {
    Column result(type_, resource);
    const auto rows = static_cast<uint32_t>(permutation.size());
    result.reserve(rows);
    if (type_.isBytes() && nulls_ == 0) {
        result.appendGathered(*this, permutation);
        return result;
    }
    if (type_.isBytes()) {
        size_t total = 0;
        for (const uint32_t row : permutation)
            total += bytesAt(row).size();
        result.data_.reserve(total);
        for (const uint32_t row : permutation)
            result.appendFrom(*this, row);
        return result;
    }
    if (rows == 0)
        return result;
    std::byte* to = result.extendFixed(rows);
    switch (type_.width) {
        case 1:
            gatherFixed<uint8_t>(data_.data(), permutation, to);
            break;
        case 2:
            gatherFixed<uint16_t>(data_.data(), permutation, to);
            break;
        case 4:
            gatherFixed<uint32_t>(data_.data(), permutation, to);
            break;
        case 8:
            gatherFixed<uint64_t>(data_.data(), permutation, to);
            break;
        default:
            for (size_t i = 0; i < rows; ++i) {
                std::memcpy(to + i * type_.width, fixedAt(permutation[i]), type_.width);
            }
    }
    if (nulls_ != 0) {
        result.growNulls();
        for (uint32_t i = 0; i < rows; ++i) {
            if (!isNull(permutation[i]))
                continue;
            result.nullWords()[i >> 6] |= uint64_t{1} << (i & 63);
            ++result.nulls_;
        }
        if (result.nulls_ == 0)
            result.nullBits_.clear();
    }
    return result;
}

bool Column::rowEquals(uint32_t row, const Column& other, uint32_t otherRow) const noexcept {
    const bool null = isNull(row);
    if (null != other.isNull(otherRow))
        return false;
    if (null)
        return true;
    if (type_.isBytes())
        return bytesAt(row) == other.bytesAt(otherRow);
    return std::memcmp(fixedAt(row), other.fixedAt(otherRow), type_.width) == 0;
}

bool Column::equals(const Column& other) const noexcept {
    if (type_ != other.type_ || rows_ != other.rows_ || nulls_ != other.nulls_)
        return false;
    for (uint32_t row = 0; row < rows_; ++row) {
        if (!rowEquals(row, other, row))
            return false;
    }
    return true;
}

void Column::throwTooLarge() {
    throw base::Error(base::ErrorKind::Unsupported,
                      "a column of one segment would hold more than 4 GB")
        .withHint("Close the segment at footfall::segment::kMaxRawBytes.");
}

}  // namespace footfall::vector
