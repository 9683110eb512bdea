// Turns the values of a row into bytes. A row is begin(), one call for each column in the table's
// order, end(). Bytes gather in a buffer that the caller takes away between rows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bench/simulator/table.h"

namespace footfall::simulator {

class RowEncoder {
  public:
    virtual ~RowEncoder() = default;

    // What comes before the first row and after the last one.
    virtual void prologue() {}
    virtual void epilogue() {}

    virtual void begin() = 0;
    virtual void end() = 0;
    virtual void null() = 0;
    virtual void boolean(bool value) = 0;
    virtual void int16(int16_t value) = 0;
    virtual void int32(int32_t value) = 0;
    virtual void int64(int64_t value) = 0;
    virtual void float8(double value) = 0;
    // A numeric with two decimals, given in hundredths.
    virtual void cents(int64_t value) = 0;
    virtual void text(std::string_view value) = 0;
    // A text known to need no quoting anywhere: letters, digits and -_/.?=&+, at least one.
    virtual void word(std::string_view value) { text(value); }
    // Milliseconds since 1970-01-01 UTC.
    virtual void timestamp(int64_t millis) = 0;
    // Days since 1970-01-01.
    virtual void date(int64_t days) = 0;

    // Zero, -1 or empty stand for NULL where the shop has nothing to say.
    void textOrNull(std::string_view value) { value.empty() ? null() : text(value); }
    void wordOrNull(std::string_view value) { value.empty() ? null() : word(value); }
    void timestampOrNull(int64_t millis) { millis == 0 ? null() : timestamp(millis); }
    void int64OrNull(int64_t value) { value == 0 ? null() : int64(value); }
    void int32OrNull(int32_t value) { value == 0 ? null() : int32(value); }
    void int16OrNull(int16_t value) { value == 0 ? null() : int16(value); }
    void centsOrNull(int64_t value) { value < 0 ? null() : cents(value); }

    const std::string& bytes() const { return bytes_; }
    void clear() { bytes_.clear(); }

  protected:
    std::string bytes_;
};

enum class Format { csv, jsonLines, binaryCopy };

// `header` writes a line with the column names first, where the format has such a thing.
std::unique_ptr<RowEncoder> makeEncoder(Format format, const Table& table, bool header);

}  // namespace footfall::simulator
