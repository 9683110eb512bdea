// Turning what C++ threw into an ereport; see guard.h.
#include "extension/pg/guard.h"

namespace footfall::pg {

namespace {

int sqlstateOf(base::ErrorKind kind) {
    switch (kind) {
        case base::ErrorKind::CorruptData:
            return ERRCODE_DATA_CORRUPTED;
        case base::ErrorKind::Unsupported:
            return ERRCODE_FEATURE_NOT_SUPPORTED;
        case base::ErrorKind::OutOfMemory:
            return ERRCODE_OUT_OF_MEMORY;
        case base::ErrorKind::Io:
            return ERRCODE_IO_ERROR;
        case base::ErrorKind::DiskFull:
            return ERRCODE_DISK_FULL;
        case base::ErrorKind::BadArgument:
            return ERRCODE_INVALID_PARAMETER_VALUE;
        case base::ErrorKind::OutOfRange:
            return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
        case base::ErrorKind::DivisionByZero:
            return ERRCODE_DIVISION_BY_ZERO;
        case base::ErrorKind::Internal:
            return ERRCODE_INTERNAL_ERROR;
    }
    return ERRCODE_INTERNAL_ERROR;
}

void copyText(char* target, std::size_t size, const char* source) {
    strlcpy(target, source == nullptr ? "" : source, size);
}

}  // namespace

void describe(FailureReport& report, const base::Error& error) {
    describe(report, sqlstateOf(error.kind()), error.what());
    copyText(report.detail, sizeof(report.detail), error.detail());
    copyText(report.hint, sizeof(report.hint), error.hint());
}

void describe(FailureReport& report, int sqlstate, const char* message) {
    report.original = nullptr;
    report.sqlstate = sqlstate;
    copyText(report.message, sizeof(report.message), message);
    report.detail[0] = '\0';
    report.hint[0] = '\0';
}

// The engine cuts names and values in its texts by bytes. What is left of a character would make
// the message an error of its own where it is converted for the client.
static const char* wholeCharacters(const char* text) {
    const int encoding = GetDatabaseEncoding();
    auto length = static_cast<int>(strlen(text));
    auto* whole = static_cast<char*>(palloc(length + 1));
    char* end = whole;
    while (length > 0) {
        const int bytes = pg_encoding_verifymbchar(encoding, text, length);
        if (bytes > 0) {
            memcpy(end, text, bytes);
            end += bytes;
        }
        text += Max(bytes, 1);
        length -= Max(bytes, 1);
    }
    *end = '\0';
    return whole;
}

void raise(const FailureReport& report) {
    if (report.original != nullptr) {
        ReThrowError(report.original);
    }
    ereport(
        ERROR,
        (errcode(report.sqlstate), errmsg_internal("%s", wholeCharacters(report.message)),
         report.detail[0] != '\0' ? errdetail_internal("%s", wholeCharacters(report.detail)) : 0,
         report.hint[0] != '\0' ? errhint("%s", wholeCharacters(report.hint)) : 0));
    pg_unreachable();
}

}  // namespace footfall::pg
