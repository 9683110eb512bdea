// Values of options as texts, which is how JSON and SQL hand them over.
#pragma once

#include <string_view>

namespace footfall::model {

struct NumberRange {
    double least;
    double most;
    bool whole;
};

// Throws BadArgument, which names the option and its range.
double numberOf(std::string_view option, const NumberRange& range, std::string_view text);

// So many bytes of a text are shown in a message, by "%.*s".
int shown(std::string_view text);

}  // namespace footfall::model
