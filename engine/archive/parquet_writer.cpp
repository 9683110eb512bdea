#include "engine/archive/parquet_writer.h"

#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <set>

#include "engine/archive/arrow_columns.h"
#include "engine/archive/arrow_pool.h"
#include "engine/segment/segment_meta.h"

namespace footfall::archive {
namespace {

// Level 3 is zstd's own default: twice the effort saves a few percent.
constexpr int kZstdLevel = 3;

// A descriptor as Arrow sees it. Arrow's errors are text: the failure itself is kept.
class SpoolStream final : public arrow::io::OutputStream {
  public:
    explicit SpoolStream(int descriptor) : descriptor_(descriptor) {}

    arrow::Status Write(const void* data, int64_t size) override {
        const auto* at = static_cast<const char*>(data);
        while (size > 0) {
            errno = ENOSPC;  // for a write of nothing
            const ssize_t written = ::write(descriptor_, at, static_cast<size_t>(size));
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0) {
                failure_.emplace(errno == ENOSPC || errno == EDQUOT ? base::ErrorKind::DiskFull
                                                                    : base::ErrorKind::Io,
                                 "could not write a spooled file: %s", strerrordesc_np(errno));
                return arrow::Status::IOError("write failed");
            }
            at += written;
            size -= written;
            position_ += written;
        }
        return arrow::Status::OK();
    }
    using arrow::io::OutputStream::Write;
    arrow::Status Close() override {
        closed_ = true;
        return arrow::Status::OK();
    }
    bool closed() const override { return closed_; }
    arrow::Result<int64_t> Tell() const override { return position_; }
    const std::optional<base::Error>& failure() const { return failure_; }

  private:
    int descriptor_;
    int64_t position_ = 0;
    bool closed_ = false;
    std::optional<base::Error> failure_;
};

}  // namespace

class ParquetWriter::File {
  public:
    File(std::vector<ArchivedColumn> columns, std::span<const uint32_t> sortKeys, int descriptor,
         std::pmr::memory_resource* resource)
        : pool_(resource), stream_(std::make_shared<SpoolStream>(descriptor)) {
        footer_.columns = std::move(columns);
        checkColumns();
        parquet::WriterProperties::Builder properties;
        properties.memory_pool(&pool_);
        properties.version(parquet::ParquetVersion::PARQUET_2_6);
        properties.compression(parquet::Compression::ZSTD);
        properties.compression_level(kZstdLevel);
        properties.max_row_group_length(segment::kMaxRows);
        properties.created_by("footfall");
        arrow::FieldVector fields;
        for (const ArchivedColumn& column : footer_.columns) {
            fields.push_back(arrow::field(column.name, arrowType(column)));
            // Dictionaries look values up by equality, and -0 equals 0.
            if (column.stored.isFloat())
                properties.disable_dictionary(
                    std::make_shared<parquet::schema::ColumnPath>(std::vector{column.name}));
        }
        fields.push_back(arrow::field(kExactColumn, arrow::binary()));
        std::vector<parquet::SortingColumn> sorting;
        for (const uint32_t key : sortKeys) {
            if (key >= footer_.columns.size())
                base::throwBadArgument("the sort key %u is no column", key);
            sorting.push_back({static_cast<int32_t>(key), false, false});
        }
        properties.set_sorting_columns(std::move(sorting));
        schema_ = arrow::schema(std::move(fields));
        guarded([&] {
            auto opened =
                parquet::arrow::FileWriter::Open(*schema_, &pool_, stream_, properties.build());
            check(opened.status());
            writer_ = opened.MoveValueUnsafe();
        });
    }

    ~File() {
        // An unfinished file is thrown away by whoever has its descriptor.
        if (!finished_ && writer_ != nullptr) {
            try {
                static_cast<void>(writer_->Close());
            } catch (const std::exception&) {
                // It is not wanted any more.
            }
        }
    }

    void append(std::span<const vector::Column> columns) {
        if (finished_ || columns.size() != footer_.columns.size())
            base::throwBadArgument("a segment of %zu columns for a file of %zu", columns.size(),
                                   footer_.columns.size());
        const uint32_t rows = columns[0].size();
        if (rows == 0 || rows > segment::kMaxRows)
            base::throwBadArgument("a segment of %u rows", rows);
        ArchivedGroup group;
        group.rows = rows;
        ExactValues exact;
        arrow::ArrayVector arrays;
        for (uint32_t number = 0; number < columns.size(); ++number) {
            if (columns[number].size() != rows)
                base::throwBadArgument("the columns of a segment differ in length");
            group.checksums.push_back(columnChecksum(columns[number]));
            arrays.push_back(
                toArrow(columns[number], footer_.columns[number], number, exact, &pool_));
        }
        arrays.push_back(exact.toArrow(rows, &pool_));
        guarded([&] {
            check(
                writer_->WriteTable(*arrow::Table::Make(schema_, arrays, rows), segment::kMaxRows));
        });
        footer_.groups.push_back(std::move(group));
    }

    uint64_t finish() {
        if (finished_)
            base::throwBadArgument("the file is finished");
        guarded([&] {
            check(writer_->AddKeyValueMetadata(
                arrow::KeyValueMetadata::Make({"footfall"}, {footer_.serialize()})));
            check(writer_->Close());
        });
        finished_ = true;
        return static_cast<uint64_t>(stream_->Tell().ValueUnsafe());
    }

    const std::vector<ArchivedGroup>& groups() const { return footer_.groups; }

  private:
    void checkColumns() const {
        std::set<std::string> names = {kExactColumn};
        if (footer_.columns.empty() || footer_.columns.size() > segment::kMaxColumns)
            base::throwBadArgument("a file of %zu columns", footer_.columns.size());
        for (const ArchivedColumn& column : footer_.columns) {
            if (!column.valid())
                base::throwBadArgument("column \"%s\" cannot be archived as it is described",
                                       column.name.c_str());
            if (!names.insert(column.name).second)
                base::throwBadArgument("there are two columns \"%s\"", column.name.c_str());
        }
    }

    void check(const arrow::Status& status) const {
        if (!status.ok() && stream_->failure())
            throw *stream_->failure();
        checkArrow(status, base::ErrorKind::Internal);
    }

    template <class Body>
    void guarded(Body&& body) const {
        try {
            body();
        } catch (const parquet::ParquetException& exception) {
            if (stream_->failure())
                throw *stream_->failure();
            base::throwInternal("Parquet: %s", exception.what());
        }
    }

    ArrowPool pool_;
    std::shared_ptr<SpoolStream> stream_;
    ArchivedFooter footer_;
    std::shared_ptr<arrow::Schema> schema_;
    std::unique_ptr<parquet::arrow::FileWriter> writer_;
    bool finished_ = false;
};

ParquetWriter::ParquetWriter(std::vector<ArchivedColumn> columns,
                             std::span<const uint32_t> sortKeys, int descriptor,
                             std::pmr::memory_resource* resource)
    : file_(std::make_unique<File>(std::move(columns), sortKeys, descriptor, resource)) {}

ParquetWriter::~ParquetWriter() = default;

void ParquetWriter::append(std::span<const vector::Column> columns) {
    file_->append(columns);
}

uint64_t ParquetWriter::finish() {
    return file_->finish();
}

const std::vector<ArchivedGroup>& ParquetWriter::groups() const {
    return file_->groups();
}

}  // namespace footfall::archive
