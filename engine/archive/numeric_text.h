// PostgreSQL's numeric as a scaled 128-bit integer and as text.
//
// A value comes as PostgreSQL keeps it on disk, without the varlena header (engine/encoding/
// numeric.cpp describes the bytes). Both ways back give the one form that PostgreSQL itself would
// make; callers compare, and keep the bytes where they differ.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace footfall::archive {

__extension__ using Int128 = __int128;

// mantissa, where the value is mantissa / 10^scale and has at most `precision` digits; nothing for
// others, NaN, the infinities, and bytes that are no numeric.
std::optional<Int128> numericToDecimal(std::string_view numeric, int precision, int scale);
std::string decimalToNumeric(Int128 mantissa, int scale);

// As PostgreSQL prints it: "-12.50", "NaN", "Infinity"; nothing for bytes that are no numeric.
std::optional<std::string> numericToText(std::string_view numeric);
// Nothing when it is no such text.
std::optional<std::string> textToNumeric(std::string_view text);

}  // namespace footfall::archive
