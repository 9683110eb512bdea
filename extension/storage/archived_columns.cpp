// See archived_columns.h.
#include "extension/storage/archived_columns.h"

#include "extension/pg/guard.h"
#include "extension/storage/archived_objects.h"
#include "extension/storage/column_cache.h"

namespace footfall::storage {

ArchivedColumns::ArchivedColumns(Oid table, Oid storage, const catalog::SegmentRow* row,
                                 const segment::SegmentMeta* meta, const ColumnHabit& habit,
                                 bool cached, std::pmr::memory_resource* resource)
    : table_(table),
      storage_(storage),
      row_(row),
      meta_(meta),
      habit_(habit),
      cached_(cached),
      resource_(resource),
      places_(resource) {}

// Where the object has which column: it names them by attribute numbers, which neither renaming nor
// dropping changes.
void ArchivedColumns::describe() {
    places_.assign(meta_->columnCount(), Place{-1, nullptr});
    pg::callPostgres([&] {
        const catalog::ArchiveObject& object =
            archivedObject(table_, storage_, row_->archiveObject);
        for (int c = 0; c < row_->columns; c++) {
            for (int a = 0; a < object.attributeCount; a++) {
                if (object.attributes[a] == row_->attributes[c]) {
                    places_[static_cast<size_t>(c)].at = a;
                }
            }
        }
        if (object.sha256 != nullptr) {
            strlcpy(object_, object.sha256, sizeof(object_));
        }
    });
    described_ = true;
}

vector::Column* ArchivedColumns::make(uint32_t column) {
    void* place = resource_->allocate(sizeof(vector::Column), alignof(vector::Column));
    return new (place) vector::Column(meta_->column(column).type, resource_);
}

bool ArchivedColumns::takeCached(uint32_t column) {
    if (!cached_) {
        return false;
    }
    vector::Column* values = make(column);
    Place& place = places_[column];
    if (!readCachedColumn({object_, row_->rowGroup, static_cast<uint32_t>(place.at)}, *values)) {
        return false;
    }
    place.values = values;
    if (counters_ != nullptr) {
        counters_->columnsCached++;
    }
    return true;
}

void ArchivedColumns::fetch(std::span<const uint32_t> columns) {
    std::vector<uint32_t> wanted;
    std::vector<vector::Column*> values;
    for (const uint32_t column : columns) {
        wanted.push_back(static_cast<uint32_t>(places_[column].at));
        values.push_back(make(column));
    }
    readArchivedColumns(table_, storage_, row_->archiveObject, row_->rowGroup, wanted, values);
    for (size_t i = 0; i < columns.size(); ++i) {
        places_[columns[i]].values = values[i];
        if (counters_ != nullptr) {
            counters_->columnsRead++;
            counters_->bytesRead += static_cast<int64>(values[i]->byteSize());
        }
        if (cached_) {
            cacheColumn({object_, row_->rowGroup, wanted[i]}, *values[i]);
        }
    }
    if (cached_) {
        pg::callPostgres([&] {
            if (!catalog::hasArchiveObject(storage_, row_->archiveObject)) {
                forgetCachedObject(object_);
            }
        });
    }
}

const vector::Column& ArchivedColumns::column(uint32_t column) {
    if (!described_) {
        describe();
    }
    if (places_[column].at < 0) {
        base::throwCorrupt("segment %d of table %u: archived object %lld lacks column %d",
                           row_->number, table_, static_cast<long long>(row_->archiveObject),
                           row_->attributes[column]);
    }
    if (counters_ != nullptr && !counted_) {
        counters_->segments++;
        counted_ = true;
    }
    if (places_[column].values != nullptr) {
        return *places_[column].values;
    }
    const int attribute = row_->attributes[column];
    if (attribute >= 1 && attribute <= habit_.attributes) {
        habit_.asked[attribute - 1] = true;
    }
    if (!takeCached(column)) {
        std::vector<uint32_t> missing = {column};
        for (uint32_t other = 0; other < places_.size(); ++other) {
            const int number = row_->attributes[other];
            const Place& place = places_[other];
            if (other != column && number >= 1 && number <= habit_.attributes &&
                habit_.asked[number - 1] && place.at >= 0 && place.values == nullptr &&
                !takeCached(other)) {
                missing.push_back(other);
            }
        }
        fetch(missing);
    }
    return *places_[column].values;
}

}  // namespace footfall::storage
