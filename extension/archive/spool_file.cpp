// See spool_file.h.
#include "extension/archive/spool_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace footfall::archive {

SpoolFile* SpoolFile::create(MemoryContext context) {
    auto* self = static_cast<SpoolFile*>(MemoryContextAllocZero(context, sizeof(SpoolFile)));
    self->descriptor_ = -1;
    self->file_ = OpenTemporaryFile(true);
    self->drop_.func = drop;
    self->drop_.arg = self;
    MemoryContextRegisterResetCallback(context, &self->drop_);
    // PostgreSQL closes and opens its own descriptors as it needs them: this one stays.
    if (!AcquireExternalFD()) {
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
                        errmsg("could not open a temporary file for the archive: %m"),
                        errhint("Raise max_files_per_process.")));
    }
    self->descriptor_ = fcntl(FileGetRawDesc(self->file_), F_DUPFD_CLOEXEC, 0);
    if (self->descriptor_ < 0) {
        ReleaseExternalFD();
        ereport(ERROR, (errcode_for_file_access(),
                        errmsg("could not open a temporary file for the archive: %m")));
    }
    return self;
}

void SpoolFile::charge() {
    struct stat status;
    if (fstat(descriptor_, &status) != 0) {
        ereport(ERROR, (errcode_for_file_access(),
                        errmsg("could not stat a temporary file for the archive: %m")));
    }
    charge(status.st_size);
}

// PostgreSQL counts what goes through its own file: the last byte, as it is, counts for all.
void SpoolFile::charge(int64 size) {
    if (size <= 0) {
        return;
    }
    char last = 0;
    if (pread(descriptor_, &last, 1, static_cast<off_t>(size - 1)) < 0 ||
        FileWrite(file_, &last, 1, static_cast<off_t>(size - 1), PG_WAIT_EXTENSION) != 1) {
        ereport(ERROR, (errcode_for_file_access(),
                        errmsg("could not write a temporary file for the archive: %m")));
    }
}

void SpoolFile::drop(void* argument) {
    auto* self = static_cast<SpoolFile*>(argument);
    if (self->descriptor_ >= 0) {
        close(self->descriptor_);
        ReleaseExternalFD();
    }
    FileClose(self->file_);
}

}  // namespace footfall::archive
