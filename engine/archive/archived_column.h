// A column of a segment and what its bytes mean in Parquet.
//
// Every value comes back as it was, bit by bit. Where Parquet's type cannot hold one (NaN of
// numeric(10,2), a numeric with more digits than its type declares, the last 30 years before
// 294276), other engines see NULL or the nearest value, and the exact bytes stand in a column of
// the file that the Delta schema does not name (kExactColumn).
//
//   meaning       stored as                   Parquet                   Delta
//   Plain         Bool                        boolean                   boolean
//                 Int8 to Int64               int8 to int64             byte to long
//                 Float32, Float64            float, double             float, double
//                 Fixed, Bytes                binary                    binary
//   Text, Json    Bytes (of JSON the text)    string                    string
//   Uuid          Fixed 16                    string, 36 characters     string
//   Date          Int32, days since 2000      date                      date
//   Timestamp,    Int64, microseconds         timestamp, microseconds,  timestamp
//   TimestampTz     since 2000                  UTC
//   Time          Int64, microseconds         int64                     long
//   Decimal       Bytes, numeric on disk      decimal                   decimal
//   NumericText   Bytes, numeric on disk      string                    string
//
// The infinities of dates and timestamps are the smallest and greatest number. A timestamp without
// time zone is written as if it were UTC: Delta's own type for it needs a newer protocol.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/vector/column.h"

namespace footfall::archive {

enum class Meaning : uint8_t {
    Plain,
    Text,
    Json,
    Uuid,
    Date,
    Timestamp,
    TimestampTz,
    Time,
    Decimal,
    NumericText,
};

inline constexpr int kMaxPrecision = 38;
inline constexpr const char* kExactColumn = "_footfall_exact";

struct ArchivedColumn {
    std::string name;
    vector::ColumnType stored;
    Meaning meaning = Meaning::Plain;
    uint8_t precision = 0;  // of a Decimal
    uint8_t scale = 0;

    bool operator==(const ArchivedColumn&) const = default;
    // Whether meaning and stored type go together as in the table above.
    bool valid() const noexcept;
    std::string deltaType() const;
};

// What a file says of itself in its footer, beside Parquet's own metadata.
struct ArchivedGroup {
    uint32_t rows = 0;
    std::vector<uint32_t> checksums;  // one a column, see columnChecksum()
};

struct ArchivedFooter {
    std::vector<ArchivedColumn> columns;
    std::vector<ArchivedGroup> groups;

    std::string serialize() const;
    // Throws CorruptData, Unsupported for a later version.
    static ArchivedFooter parse(const std::string& text);
};

// CRC-32C over the NULLs and values of a column: equal for equal columns.
uint32_t columnChecksum(const vector::Column& column);

}  // namespace footfall::archive
