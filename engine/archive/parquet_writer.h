// Segments to a Parquet file, one row group each.
//
// zstd, statistics, dictionary pages except for floats. The file is spooled to a local descriptor;
// its footer holds what archived_column.h says, so that a reader needs nothing else.
#pragma once

#include <memory>
#include <memory_resource>
#include <span>

#include "engine/archive/archived_column.h"

namespace footfall::archive {

class ParquetWriter {
  public:
    // Writes from the descriptor's position on, which the caller opened and keeps. `sortKeys` are
    // the columns each segment's rows are sorted by. Throws BadArgument for columns that are not
    // valid() or named twice.
    ParquetWriter(std::vector<ArchivedColumn> columns, std::span<const uint32_t> sortKeys,
                  int descriptor, std::pmr::memory_resource* resource);
    ~ParquetWriter();

    // Columns of equal length, at most segment::kMaxRows and at least one row.
    void append(std::span<const vector::Column> columns);
    // Ends the file; nothing may be appended any more. Returns its length. Flushing is the
    // caller's.
    uint64_t finish();
    const std::vector<ArchivedGroup>& groups() const;

  private:
    class File;
    std::unique_ptr<File> file_;
};

}  // namespace footfall::archive
