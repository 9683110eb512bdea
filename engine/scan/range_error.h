// The errors of numbers that do not fit, in PostgreSQL's words.
#pragma once

#include <cstdint>
#include <type_traits>

#include "engine/base/error.h"

namespace footfall::scan {

template <class T>
[[noreturn]] void throwOutOfRange() {
    const char* name = "bigint";
    if constexpr (std::is_same_v<T, int16_t>)
        name = "smallint";
    else if constexpr (std::is_same_v<T, int32_t>)
        name = "integer";
    else if constexpr (std::is_same_v<T, int8_t>)
        name = "\"char\"";
    throw base::Error(base::ErrorKind::OutOfRange, "%s out of range", name);
}

[[noreturn]] inline void throwOverflow() {
    throw base::Error(base::ErrorKind::OutOfRange, "value out of range: overflow");
}

[[noreturn]] inline void throwUnderflow() {
    throw base::Error(base::ErrorKind::OutOfRange, "value out of range: underflow");
}

}  // namespace footfall::scan
