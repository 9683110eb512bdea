#include "engine/archive/parquet_reader.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>

#include <algorithm>
#include <exception>

#include "engine/archive/arrow_columns.h"
#include "engine/archive/arrow_pool.h"
#include "engine/segment/segment_meta.h"

namespace footfall::archive {
namespace {

// An object as Arrow sees it. Arrow's errors are text: what the store threw is kept.
class ObjectFile final : public arrow::io::RandomAccessFile {
  public:
    ObjectFile(ObjectStore& store, std::string key, uint64_t size, arrow::MemoryPool* pool)
        : store_(store), key_(std::move(key)), size_(static_cast<int64_t>(size)), pool_(pool) {}

    arrow::Result<int64_t> GetSize() override { return size_; }
    arrow::Result<int64_t> ReadAt(int64_t offset, int64_t size, void* out) override {
        if (offset < 0 || size < 0 || offset > size_)
            return arrow::Status::IOError("a range outside the file");
        size = std::min(size, size_ - offset);
        try {
            store_.read(key_, static_cast<uint64_t>(offset),
                        {static_cast<std::byte*>(out), static_cast<size_t>(size)});
        } catch (...) {
            failure_ = std::current_exception();
            return arrow::Status::IOError("read failed");
        }
        return size;
    }
    arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t offset, int64_t size) override {
        // A size comes from the file: no more than there is.
        if (offset < 0 || size < 0 || offset > size_)
            return arrow::Status::IOError("a range outside the file");
        size = std::min(size, size_ - offset);
        ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::ResizableBuffer> buffer,
                              arrow::AllocateResizableBuffer(size, pool_));
        ARROW_RETURN_NOT_OK(ReadAt(offset, size, buffer->mutable_data()).status());
        return std::shared_ptr<arrow::Buffer>(std::move(buffer));
    }
    arrow::Result<int64_t> Read(int64_t size, void* out) override {
        ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, size, out));
        position_ += got;
        return got;
    }
    arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
        ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, ReadAt(position_, size));
        position_ += buffer->size();
        return buffer;
    }
    arrow::Status Seek(int64_t position) override {
        position_ = position;
        return arrow::Status::OK();
    }
    arrow::Result<int64_t> Tell() const override { return position_; }
    arrow::Status Close() override {
        closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }

    // Throws what the store threw, if anything.
    void rethrow() {
        if (failure_ != nullptr)
            std::rethrow_exception(std::exchange(failure_, nullptr));
    }

  private:
    ObjectStore& store_;
    std::string key_;
    int64_t size_;
    arrow::MemoryPool* pool_;
    int64_t position_ = 0;
    bool closed_ = false;
    std::exception_ptr failure_;
};

}  // namespace

class ParquetReader::File {
  public:
    File(ObjectStore& store, const std::string& key, uint64_t size,
         std::pmr::memory_resource* resource)
        : resource_(resource), pool_(resource), shown_(store.shown(key)) {
        if (size > INT64_MAX)
            base::throwCorrupt("object \"%s\" is too large", shown_.c_str());
        file_ = std::make_shared<ObjectFile>(store, key, size, &pool_);
        guarded([&] {
            parquet::arrow::FileReaderBuilder builder;
            check(builder.Open(file_, parquet::ReaderProperties(&pool_)));
            parquet::ArrowReaderProperties properties;
            properties.set_use_threads(false);
            properties.set_pre_buffer(false);  // it would read in Arrow's threads
            const auto metadata = builder.raw_reader()->metadata();
            readFooter(*metadata);
            for (size_t column = 0; column < footer_.columns.size(); ++column) {
                const auto place = static_cast<int>(column);
                if (mayBeCoded(footer_.columns[column]) && isCoded(*metadata, place))
                    properties.set_read_dictionary(place, true);
            }
            builder.memory_pool(&pool_);
            builder.properties(properties);
            check(builder.Build(&reader_));
        });
    }

    const ArchivedFooter& footer() const { return footer_; }

    std::vector<vector::Column> read(uint32_t group, std::span<const uint32_t> wanted) {
        if (group >= footer_.groups.size())
            base::throwBadArgument("there is no row group %u", group);
        const uint32_t rows = footer_.groups[group].rows;
        std::vector<int> places;
        for (const uint32_t column : wanted) {
            if (column >= footer_.columns.size())
                base::throwBadArgument("there is no column %u", column);
            if (std::find(places.begin(), places.end(), static_cast<int>(column)) == places.end())
                places.push_back(static_cast<int>(column));
        }
        const auto exactPlace = static_cast<int>(footer_.columns.size());
        places.push_back(exactPlace);
        std::shared_ptr<arrow::Table> table;
        guarded([&] {
            auto result = reader_->ReadRowGroup(static_cast<int>(group), places);
            check(result.status());
            table = result.MoveValueUnsafe();
        });
        if (table->num_rows() != rows)
            throwDamaged("has a row group of another length");
        ExactValues exact = exactValues(*table);
        std::vector<vector::Column> result;
        for (const uint32_t column : wanted) {
            const ArchivedColumn& archived = footer_.columns[column];
            const auto chunks = table->GetColumnByName(archived.name);
            if (chunks == nullptr)
                throwDamaged("lacks a column of its footer");
            vector::Column values(archived.stored, resource_);
            values.reserve(rows);
            const auto ownExact = exact.ofColumn(column);
            uint32_t firstRow = 0;
            for (const auto& chunk : chunks->chunks()) {
                check(chunk->Validate());
                fromArrow(*chunk, archived, firstRow, ownExact, values);
                firstRow += static_cast<uint32_t>(chunk->length());
            }
            if (values.size() != rows ||
                columnChecksum(values) != footer_.groups[group].checksums[column]) {
                throw base::Error(base::ErrorKind::CorruptData,
                                  "column \"%s\" of archived file \"%s\" does not match its "
                                  "checksum",
                                  archived.name.c_str(), shown_.c_str());
            }
            result.push_back(std::move(values));
        }
        return result;
    }

  private:
    // Whether all pages of a column are codes of dictionaries: kept as such, they are decoded once
    // an entry.
    static bool isCoded(const parquet::FileMetaData& metadata, int column) {
        for (int group = 0; group < metadata.num_row_groups(); ++group) {
            const auto chunk = metadata.RowGroup(group)->ColumnChunk(column);
            for (const parquet::PageEncodingStats& page : chunk->encoding_stats()) {
                if (page.page_type != parquet::PageType::DICTIONARY_PAGE &&
                    page.encoding != parquet::Encoding::RLE_DICTIONARY &&
                    page.encoding != parquet::Encoding::PLAIN_DICTIONARY) {
                    return false;
                }
            }
            if (chunk->encoding_stats().empty())
                return false;
        }
        return true;
    }

    void readFooter(const parquet::FileMetaData& metadata) {
        const auto& pairs = metadata.key_value_metadata();
        const int at = pairs == nullptr ? -1 : pairs->FindKey("footfall");
        if (at < 0)
            throwDamaged("was not written by footfall");
        footer_ = ArchivedFooter::parse(pairs->value(at));
        // Flat columns in the footer's order, and the exact values after them.
        const parquet::SchemaDescriptor& schema = *metadata.schema();
        const auto columns = static_cast<int>(footer_.columns.size());
        if (schema.num_columns() != columns + 1 ||
            schema.group_node()->field_count() != columns + 1 ||
            metadata.num_row_groups() != static_cast<int>(footer_.groups.size())) {
            throwDamaged("differs from its footer");
        }
        for (int column = 0; column <= columns; ++column) {
            const auto& node = *schema.group_node()->field(column);
            const std::string expected = column == columns
                                             ? kExactColumn
                                             : footer_.columns[static_cast<size_t>(column)].name;
            if (!node.is_primitive() || node.is_repeated() || node.name() != expected)
                throwDamaged("differs from its footer");
        }
    }

    ExactValues exactValues(const arrow::Table& table) const {
        const auto chunks = table.GetColumnByName(kExactColumn);
        if (chunks == nullptr || chunks->num_chunks() > 1)
            throwDamaged("has no usable exact values");
        if (chunks->num_chunks() == 0)
            return {};
        check(chunks->chunk(0)->Validate());
        return ExactValues::parse(*chunks->chunk(0), static_cast<uint32_t>(footer_.columns.size()));
    }

    [[noreturn]] void throwDamaged(const char* what) const {
        base::throwCorrupt("archived file \"%s\" %s", shown_.c_str(), what);
    }

    void check(const arrow::Status& status) const {
        if (!status.ok())
            file_->rethrow();
        checkArrow(status, base::ErrorKind::CorruptData);
    }

    template <class Body>
    void guarded(Body&& body) const {
        try {
            body();
        } catch (const parquet::ParquetException& exception) {
            file_->rethrow();
            base::throwCorrupt("archived file \"%s\": %s", shown_.c_str(), exception.what());
        }
    }

    std::pmr::memory_resource* resource_;
    ArrowPool pool_;
    std::string shown_;
    std::shared_ptr<ObjectFile> file_;
    std::unique_ptr<parquet::arrow::FileReader> reader_;
    ArchivedFooter footer_;
};

ParquetReader::ParquetReader(ObjectStore& store, const std::string& key, uint64_t size,
                             std::pmr::memory_resource* resource)
    : file_(std::make_unique<File>(store, key, size, resource)) {}

ParquetReader::~ParquetReader() = default;

const std::vector<ArchivedColumn>& ParquetReader::columns() const {
    return file_->footer().columns;
}

const std::vector<ArchivedGroup>& ParquetReader::groups() const {
    return file_->footer().groups;
}

std::vector<vector::Column> ParquetReader::read(uint32_t group, std::span<const uint32_t> wanted) {
    return file_->read(group, wanted);
}

}  // namespace footfall::archive
