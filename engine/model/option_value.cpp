#include "engine/model/option_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "engine/base/error.h"

namespace footfall::model {

int shown(std::string_view text) {
    return static_cast<int>(std::min<size_t>(text.size(), 64));
}

double numberOf(std::string_view option, const NumberRange& range, std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
        value < range.least || value > range.most || (range.whole && value != std::floor(value))) {
        base::throwBadArgument("option \"%s\" is a%s number from %g to %g, not \"%.*s\"",
                               std::string(option).c_str(), range.whole ? " whole" : "",
                               range.least, range.most, shown(text), text.data());
    }
    return value;
}

}  // namespace footfall::model
