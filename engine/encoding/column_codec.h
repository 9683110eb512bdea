// Typed columns as stored: what every column codec offers.
//
// A stored column is a node: a codec byte, then what the codec wrote, which may be further nodes
// and integer streams. Type and row count come from whoever holds the node. A decoder is made in an
// Arena and keeps pointers into the stored bytes.
#pragma once

#include <cstdint>
#include <span>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/encoding/arena.h"
#include "engine/encoding/int_stream.h"
#include "engine/vector/block.h"
#include "engine/vector/column.h"

namespace footfall::encoding {

// The first byte of a stored column.
enum class ColumnCodec : uint8_t {
    Constant = 1,
    Nullable = 2,
    Integers = 3,
    Decimal = 4,
    SplitFloat = 5,
    FixedWords = 6,
    Dictionary = 7,
    RunLength = 8,
    DerivedByCode = 9,
    DerivedByRun = 10,
    PlainBytes = 11,
    CompressedBytes = 12,
    Template = 13,
    Numeric = 14,
    GroupedDelta = 15,
    PlacedRuns = 16,
};

const char* columnCodecName(ColumnCodec codec) noexcept;

class RunEnds;

class ColumnDecoder {
  public:
    ColumnDecoder(vector::ColumnType type, uint32_t rows) noexcept : type_(type), rows_(rows) {}

    vector::ColumnType type() const noexcept { return type_; }
    uint32_t rows() const noexcept { return rows_; }

    // Appends a range of rows, flat. `out` has this column's type.
    virtual void append(uint32_t first, uint32_t count, vector::Column& out) = 0;
    // Sets `out` to a range of at most 1,024 rows in the shape nearest to the stored one.
    virtual void read(uint32_t first, uint32_t count, vector::Block& out);
    // The same where only the rows at `positions` (ascending, below `count`, at least one) matter;
    // what stands at others is undefined, but safe to read: codes are valid or kNullCode.
    virtual void readRows(uint32_t first, uint32_t count, std::span<const uint16_t> positions,
                          vector::Block& out);
    // The same as runs; false when the column is not stored so or the runs are too short to be
    // worth it.
    virtual bool readRuns(uint32_t first, uint32_t count, vector::Runs& out);

    // Columns stored with a dictionary: its entries, decoded at the first call, and the rows' codes
    // (kNullCode for NULL).
    virtual bool hasDictionary() const noexcept { return false; }
    virtual uint32_t dictionarySize() const noexcept { return 0; }
    virtual const vector::Column& dictionary();
    virtual uint64_t dictionaryId() const noexcept { return 0; }
    // Whether `count` rows are better read as codes. A look-up of few rows decodes only the entries
    // that it meets.
    virtual bool prefersCodes(uint32_t count) const noexcept {
        (void)count;
        return hasDictionary();
    }
    virtual void codes(uint32_t first, uint32_t count, uint32_t* out);
    // out[i] is the code of row first + positions[i]; positions as for readRows.
    virtual void codesAt(uint32_t first, std::span<const uint16_t> positions, uint32_t* out);
    // Columns stored as runs: where they end; null for others.
    virtual RunEnds* runEnds() noexcept { return nullptr; }

  protected:
    ~ColumnDecoder() = default;

  private:
    vector::ColumnType type_;
    uint32_t rows_;
};

// Gives decoders of other columns of the same segment to codecs that refer to them.
class ColumnResolver {
  public:
    virtual ColumnDecoder& resolve(uint32_t column) = 0;

  protected:
    ~ColumnResolver() = default;
};

struct OpenContext {
    Arena& arena;
    ColumnResolver* columns;  // null where references are impossible
};

// Opens a node; `in` holds exactly the node.
ColumnDecoder* openColumn(base::ByteReader in, vector::ColumnType type, uint32_t rows,
                          OpenContext& context);
// Opens a node stored as a length-prefixed part.
ColumnDecoder* openColumnPart(base::ByteReader& in, vector::ColumnType type, uint32_t rows,
                              OpenContext& context);
// The column a node refers to; throws CorruptData when there can be none.
ColumnDecoder& resolveParent(uint64_t column, uint32_t rows, OpenContext& context);

// Decides whether a table of decoded entries is worth its making: not for the first few of many.
class EntryTable {
  public:
    explicit EntryTable(uint32_t entries) noexcept : entries_(entries) {}
    bool ready() const noexcept { return ready_; }
    bool wouldPay(uint32_t count) const noexcept {
        return ready_ || kCostOfOne * (asked_ + count) >= entries_;
    }
    void note(uint32_t count) noexcept { asked_ += count; }
    void setReady() noexcept { ready_ = true; }

  private:
    // One entry by itself costs as much as this many in a row, about.
    static constexpr uint64_t kCostOfOne = 32;

    uint32_t entries_;
    uint64_t asked_ = 0;  // entries decoded one by one
    bool ready_ = false;
};

// A number no other dictionary of this process has.
uint64_t nextDictionaryId() noexcept;

// Reads integers of any integer kind into 64-bit words, and back.
void widenIntegers(const vector::Column& column, std::span<uint64_t> out);
void appendNarrowed(const uint64_t* words, uint32_t count, vector::Column& out);

// Makes `out` Flat with `rows` rows of a fixed kind, all zero; returns where they begin.
std::byte* makeFlat(vector::ColumnType type, uint32_t rows, vector::Block& out);
// Makes `out` Flat with these integers at these positions, zeros elsewhere.
void scatterIntegers(const uint64_t* words, uint32_t rows, std::span<const uint16_t> positions,
                     vector::ColumnType type, vector::Block& out);
// Makes `out` Dictionary with the codes at these positions; others are as readRows leaves them.
void scatterCodes(const uint32_t* codes, uint32_t rows, std::span<const uint16_t> positions,
                  const vector::Column& dictionary, uint64_t id, vector::Block& out);
// Values that scatterFixed takes.
inline bool scatters(const vector::Column& values) noexcept {
    const vector::ColumnType type = values.type();
    return !type.isBytes() && values.nullCount() == 0 &&
           (type.width == 1 || type.width == 2 || type.width == 4 || type.width == 8);
}
// Row `from[i]` of `values` to place positions[i].
void scatterFixed(const vector::Column& values, std::span<const uint32_t> from,
                  std::span<const uint16_t> positions, std::byte* to);

// Rows are decoded in batches of this many.
inline constexpr uint32_t kBatchRows = 1024;

}  // namespace footfall::encoding
