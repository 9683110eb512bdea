// Flat values of one column.
//
// Fixed kinds keep `width` bytes a row, NULL rows hold zero bytes. Bytes keep one heap of payload
// and an end offset a row; NULL rows are empty. The NULL bitmap exists only once a NULL was
// appended. All memory comes from the resource given at construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <span>
#include <string_view>

#include "engine/base/buffer.h"
#include "engine/base/error.h"

namespace footfall::vector {

enum class Kind : uint8_t { Bool = 1, Int8, Int16, Int32, Int64, Float32, Float64, Fixed, Bytes };

// What the bytes mean; a hint for choosing codecs that never changes what comes back.
// Numeric: Bytes are PostgreSQL's on-disk numeric without its varlena header. Uuid: Fixed 16.
enum class Content : uint8_t { Plain = 0, Text, Numeric, Jsonb, Uuid };

inline constexpr uint16_t kMaxFixedWidth = 1024;

struct ColumnType {
    Kind kind = Kind::Int64;
    Content content = Content::Plain;
    uint16_t width = 8;  // bytes a value; 0 for Bytes

    bool operator==(const ColumnType&) const = default;

    static ColumnType of(Kind kind, Content content = Content::Plain) noexcept;
    static ColumnType fixed(uint16_t width, Content content = Content::Plain) noexcept {
        return {Kind::Fixed, content, width};
    }
    static ColumnType bytes(Content content = Content::Plain) noexcept {
        return {Kind::Bytes, content, 0};
    }
    // Whether kind, content and width are known values that go together.
    bool valid() const noexcept;
    bool isInteger() const noexcept { return kind >= Kind::Bool && kind <= Kind::Int64; }
    bool isFloat() const noexcept { return kind == Kind::Float32 || kind == Kind::Float64; }
    bool isBytes() const noexcept { return kind == Kind::Bytes; }
};

class Column {
  public:
    Column(ColumnType type, std::pmr::memory_resource* resource);
    Column(Column&&) noexcept = default;
    Column& operator=(Column&&) noexcept = default;

    ColumnType type() const noexcept { return type_; }
    std::pmr::memory_resource* resource() const noexcept { return data_.resource(); }
    uint32_t size() const noexcept { return rows_; }
    uint32_t nullCount() const noexcept { return nulls_; }
    bool isNull(uint32_t row) const noexcept {
        return nulls_ != 0 && (nullWords()[row >> 6] >> (row & 63) & 1) != 0;
    }
    // Payload bytes held: values of fixed kinds, the heap of Bytes. Closing a segment by size
    // (kMaxRawBytes) adds these up.
    size_t byteSize() const noexcept { return data_.size(); }

    void clear() noexcept;
    // Becomes an empty column of another type, keeping the memory.
    void reset(ColumnType type) noexcept;
    void reserve(uint32_t rows);

    void appendNull();
    // `value` points to width bytes; a Bool is one byte, 0 or 1.
    void appendFixed(const void* value) {
        std::memcpy(data_.extend(type_.width), value, type_.width);
        ++rows_;
        if (nulls_ != 0)
            growNulls();
    }
    template <class T>
    void append(T value) {
        std::memcpy(data_.extend(sizeof(T)), &value, sizeof(T));
        ++rows_;
        if (nulls_ != 0)
            growNulls();
    }
    // A column holds less than 4 GB.
    void appendBytes(const void* data, size_t size) {
        if (size > kMaxHeap - data_.size())
            throwTooLarge();
        data_.append(data, size);
        endRow();
    }
    void appendBytes(std::string_view value) { appendBytes(value.data(), value.size()); }

    // Bulk appends. `extendFixed` returns the room of `rows` new non-NULL values to be filled.
    std::byte* extendFixed(uint32_t rows);
    // Room for a value of `size` payload bytes; fill it, the row is complete.
    std::byte* extendBytes(size_t size) {
        if (size > kMaxHeap - data_.size())
            throwTooLarge();
        std::byte* at = data_.extend(size);
        endRow();
        return at;
    }
    // Bytes: values of these lengths that stand one after the other at `data`.
    void appendValues(const void* data, std::span<const uint64_t> lengths);
    // Bytes: rows `rows` of `other`, which has no NULL.
    void appendGathered(const Column& other, std::span<const uint32_t> rows);
    // Appends row `row` of `other`, which has the same type.
    void appendFrom(const Column& other, uint32_t row);
    void appendRange(const Column& other, uint32_t first, uint32_t count);

    // Fixed kinds, one per row; T has the column's width.
    template <class T>
    const T* values() const noexcept {
        return reinterpret_cast<const T*>(data_.data());
    }
    template <class T>
    T* mutableValues() noexcept {
        return reinterpret_cast<T*>(data_.data());
    }
    const std::byte* fixedAt(uint32_t row) const noexcept {
        return data_.data() + size_t{row} * type_.width;
    }
    std::string_view bytesAt(uint32_t row) const noexcept {
        const uint32_t* ends = offsets();
        const uint32_t begin = row == 0 ? 0 : ends[row - 1];
        return {reinterpret_cast<const char*>(data_.data()) + begin, ends[row] - begin};
    }
    // Bytes: where each value ends in the heap.
    const uint32_t* offsets() const noexcept {
        return reinterpret_cast<const uint32_t*>(ends_.data());
    }
    const std::byte* heap() const noexcept { return data_.data(); }
    // One bit a row, set for NULL; null pointer when there is none.
    const uint64_t* nullBits() const noexcept { return nulls_ == 0 ? nullptr : nullWords(); }

    // Makes exactly the rows NULL whose bits are set in `words` (a word for 64 rows, nothing set
    // beyond size()). Fixed kinds, for a column filled through extendFixed.
    void setNulls(const uint64_t* words);

    // An integer kind's value, sign-extended (Bool 0 or 1).
    int64_t integerAt(uint32_t row) const noexcept;
    double floatAt(uint32_t row) const noexcept;

    // The rows `permutation` names, in its order.
    Column gather(std::span<const uint32_t> permutation, std::pmr::memory_resource* resource) const;
    // Same type, rows, NULLs and bytes.
    bool equals(const Column& other) const noexcept;
    // Whether two rows hold the same bytes (NULL equals NULL).
    bool rowEquals(uint32_t row, const Column& other, uint32_t otherRow) const noexcept;

  private:
    static constexpr size_t kMaxHeap = UINT32_MAX;

    const uint64_t* nullWords() const noexcept {
        return reinterpret_cast<const uint64_t*>(nullBits_.data());
    }
    uint64_t* nullWords() noexcept { return reinterpret_cast<uint64_t*>(nullBits_.data()); }
    void growNulls();
    // A row that is not NULL yet and whose value is zero or empty.
    void markNull(uint32_t row);
    void endRow() {
        const auto end = static_cast<uint32_t>(data_.size());
        std::memcpy(ends_.extend(sizeof(end)), &end, sizeof(end));
        ++rows_;
        if (nulls_ != 0)
            growNulls();
    }
    [[noreturn]] static void throwTooLarge();

    ColumnType type_;
    uint32_t rows_ = 0;
    uint32_t nulls_ = 0;
    base::Buffer data_;
    base::Buffer ends_;
    base::Buffer nullBits_;
};

}  // namespace footfall::vector
