// See spill_file.h.
#include "extension/executor/spill_file.h"

#include "extension/pg/guard.h"

namespace footfall::executor {

namespace {

// The file's next bytes; false where it ends before the first of them.
bool readFully(BufFile* file, void* target, Size bytes) {
    const Size got = BufFileRead(file, target, bytes);
    if (got != 0 && got != bytes) {
        ereport(ERROR, (errcode_for_file_access(),
                        errmsg("could not read from a temporary file of FootfallAggregate: %zu of "
                               "%zu bytes",
                               got, bytes)));
    }
    return got == bytes;
}

}  // namespace

void SpillFiles::write(uint32_t file, std::span<const std::byte> record) {
    pg::callPostgres([&] {
        CHECK_FOR_INTERRUPTS();
        MemoryContext previous = MemoryContextSwitchTo(context_);
        if (file >= count_) {
            const uint32_t count = Max(count_ * 2, file + 1);
            auto* grown = static_cast<File*>(palloc0(sizeof(File) * count));
            for (uint32_t i = 0; i < count_; i++) {
                grown[i] = files_[i];
            }
            files_ = grown;
            count_ = count;
        }
        if (files_[file].file == nullptr) {
            PrepareTempTablespaces();
            files_[file].file = BufFileCreateTemp(false);
        }
        uint64 size = record.size();
        BufFileWrite(files_[file].file, &size, sizeof(size));
        BufFileWrite(files_[file].file, const_cast<std::byte*>(record.data()), record.size());
        MemoryContextSwitchTo(previous);
    });
}

bool SpillFiles::read(uint32_t file, base::Buffer& record) {
    uint64 size = 0;
    bool found = false;
    if (file >= count_ || files_[file].file == nullptr) {
        return false;
    }
    File& source = files_[file];
    pg::callPostgres([&] {
        CHECK_FOR_INTERRUPTS();
        if (!source.reading) {
            if (BufFileSeek(source.file, 0, 0, SEEK_SET) != 0) {
                ereport(ERROR, (errcode_for_file_access(),
                                errmsg("could not rewind a temporary file of FootfallAggregate")));
            }
            source.reading = true;
        }
        found = readFully(source.file, &size, sizeof(size));
    });
    if (!found) {
        return false;
    }
    record.resize(size);
    pg::callPostgres([&] {
        if (size > 0 && !readFully(source.file, record.data(), size)) {
            ereport(ERROR, (errcode_for_file_access(),
                            errmsg("a temporary file of FootfallAggregate ends in a record")));
        }
    });
    return true;
}

void SpillFiles::drop(uint32_t file) {
    if (file < count_ && files_[file].file != nullptr) {
        BufFile* gone = files_[file].file;
        files_[file] = {nullptr, false};
        pg::callPostgres([&] { BufFileClose(gone); });
    }
}

void SpillFiles::dropAll() {
    for (uint32_t i = 0; i < count_; i++) {
        if (files_[i].file != nullptr) {
            BufFileClose(files_[i].file);
            files_[i] = {nullptr, false};
        }
    }
}

}  // namespace footfall::executor
