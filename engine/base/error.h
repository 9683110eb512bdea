// The one exception type of the engine.
//
// An Error carries a kind (the caller translates it, e.g. into an SQLSTATE), a message that names
// what is wrong, and optionally a detail and a hint that says how to mend it. The texts live in
// fixed buffers inside the object, so that throwing never needs the heap for them.
#pragma once

#include <cstdarg>
#include <cstddef>
#include <exception>

namespace footfall::base {

enum class ErrorKind {
    CorruptData,     // XX001
    Unsupported,     // 0A000
    OutOfMemory,     // 53200
    Io,              // 58030
    DiskFull,        // 53100
    BadArgument,     // 22023
    Internal,        // XX000
    OutOfRange,      // 22003: a number its type cannot hold
    DivisionByZero,  // 22012
};

class Error : public std::exception {
  public:
    Error(ErrorKind kind, const char* format, ...) noexcept __attribute__((format(printf, 3, 4)));
    Error(ErrorKind kind, const char* format, va_list arguments) noexcept
        __attribute__((format(printf, 3, 0)));

    ErrorKind kind() const noexcept { return kind_; }
    const char* what() const noexcept override { return message_; }
    // Empty strings when there is none.
    const char* detail() const noexcept { return detail_; }
    const char* hint() const noexcept { return hint_; }

    Error& withDetail(const char* format, ...) noexcept __attribute__((format(printf, 2, 3)));
    Error& withHint(const char* format, ...) noexcept __attribute__((format(printf, 2, 3)));

  private:
    static constexpr size_t kTextBytes = 256;
    ErrorKind kind_;
    char message_[kTextBytes];
    char detail_[kTextBytes];
    char hint_[kTextBytes];
};

// Stored bytes that cannot be what the encoder wrote.
[[noreturn]] void throwCorrupt(const char* format, ...) __attribute__((format(printf, 1, 2), cold));
// A caller's argument that breaks the contract written at the function.
[[noreturn]] void throwBadArgument(const char* format, ...)
    __attribute__((format(printf, 1, 2), cold));
[[noreturn]] void throwUnsupported(const char* format, ...)
    __attribute__((format(printf, 1, 2), cold));
[[noreturn]] void throwInternal(const char* format, ...)
    __attribute__((format(printf, 1, 2), cold));

}  // namespace footfall::base
