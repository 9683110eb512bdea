// The text form that the sketches' types share.
#include "extension/functions/sketch/sketch_value.h"

namespace footfall::functions {

namespace {
constexpr std::string_view kHexPrefix = "\\x";
}

std::span<const std::byte> bytesOfText(const char* text, const char* type) {
    const size_t length = strlen(text);
    if (!std::string_view(text, length).starts_with(kHexPrefix)) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                        errmsg("invalid input syntax for type %s", type),
                        errdetail("The text of a sketch is \\x and its bytes in hexadecimal.")));
    }
    auto* bytes = static_cast<char*>(palloc(length / 2 + 1));
    const uint64 size = hex_decode(text + kHexPrefix.size(), length - kHexPrefix.size(), bytes);
    return {reinterpret_cast<const std::byte*>(bytes), size};
}

namespace {

Datum textOfSketch(FunctionCallInfo fcinfo) {
    const auto bytes = bytesOf(PG_GETARG_BYTEA_PP(0));
    auto* text = static_cast<char*>(palloc(kHexPrefix.size() + bytes.size() * 2 + 1));
    memcpy(text, kHexPrefix.data(), kHexPrefix.size());
    const uint64 length = hex_encode(reinterpret_cast<const char*>(bytes.data()), bytes.size(),
                                     text + kHexPrefix.size());
    text[kHexPrefix.size() + length] = '\0';
    PG_RETURN_CSTRING(text);
}

}  // namespace

}  // namespace footfall::functions

extern "C" {
PG_FUNCTION_INFO_V1(footfall_sketch_out);

PGDLLEXPORT Datum footfall_sketch_out(PG_FUNCTION_ARGS) {
    return footfall::functions::textOfSketch(fcinfo);
}
}
