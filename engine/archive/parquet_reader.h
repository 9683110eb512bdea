// An archived Parquet file back to a segment's columns.
//
// The file is somebody else's storage: whatever is read is checked against the footer's types, row
// counts and checksums, so damage is an error and never another answer. Only the columns that are
// asked for are fetched.
#pragma once

#include <memory>
#include <memory_resource>
#include <span>

#include "engine/archive/archived_column.h"
#include "engine/archive/object_store.h"

namespace footfall::archive {

class ParquetReader {
  public:
    // Reads the footer. `size` is the object's, as the Delta log or manifest says. The store must
    // outlive the reader. Throws CorruptData, Unsupported.
    ParquetReader(ObjectStore& store, const std::string& key, uint64_t size,
                  std::pmr::memory_resource* resource);
    ~ParquetReader();

    const std::vector<ArchivedColumn>& columns() const;
    const std::vector<ArchivedGroup>& groups() const;

    // The columns `wanted` (places in columns()) of one row group, in that order, all rows, from
    // `resource`.
    std::vector<vector::Column> read(uint32_t group, std::span<const uint32_t> wanted);

  private:
    class File;
    std::unique_ptr<File> file_;
};

}  // namespace footfall::archive
