#include "engine/base/error.h"

#include <cstdio>

namespace footfall::base {

Error::Error(ErrorKind kind, const char* format, ...) noexcept : kind_(kind) {
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(message_, sizeof(message_), format, arguments);
    va_end(arguments);
    detail_[0] = 0;
    hint_[0] = 0;
}

Error::Error(ErrorKind kind, const char* format, va_list arguments) noexcept : kind_(kind) {
    std::vsnprintf(message_, sizeof(message_), format, arguments);
    detail_[0] = 0;
    hint_[0] = 0;
}

Error& Error::withDetail(const char* format, ...) noexcept {
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(detail_, sizeof(detail_), format, arguments);
    va_end(arguments);
    return *this;
}

Error& Error::withHint(const char* format, ...) noexcept {
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(hint_, sizeof(hint_), format, arguments);
    va_end(arguments);
    return *this;
}

namespace {

Error make(ErrorKind kind, const char* format, va_list arguments) noexcept
    __attribute__((format(printf, 2, 0)));

Error make(ErrorKind kind, const char* format, va_list arguments) noexcept {
    return Error(kind, format, arguments);
}

}  // namespace

#define FOOTFALL_THROW(kind)                     \
    va_list arguments;                           \
    va_start(arguments, format);                 \
    Error error = make(kind, format, arguments); \
    va_end(arguments);                           \
    throw error

void throwCorrupt(const char* format, ...) {
    FOOTFALL_THROW(ErrorKind::CorruptData);
}

void throwBadArgument(const char* format, ...) {
    FOOTFALL_THROW(ErrorKind::BadArgument);
}

void throwUnsupported(const char* format, ...) {
    FOOTFALL_THROW(ErrorKind::Unsupported);
}

void throwInternal(const char* format, ...) {
    FOOTFALL_THROW(ErrorKind::Internal);
}

#undef FOOTFALL_THROW

}  // namespace footfall::base
