// Percent-encoding, and the parts of an http URL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace footfall::archive {

// RFC 3986: everything but letters, digits and -._~ becomes %XX; `slashes` keeps '/' too.
std::string percentEncode(std::string_view text, bool slashes);
// Throws CorruptData when a % is not followed by two hexadecimal digits.
std::string percentDecode(std::string_view text);

struct Endpoint {
    bool secure = true;
    std::string host;  // an IPv6 address without brackets
    uint16_t port = 443;

    // "host:port", the port left out where it is the scheme's own; IPv6 in brackets.
    std::string authority() const;
    std::string url() const;  // "https://host:port"
};

// "http[s]://host[:port]" and what follows it, which goes to `rest` (a path and query, or empty).
// Throws BadArgument, also for user names in a URL; the message does not show the text.
Endpoint parseEndpoint(std::string_view url, std::string* rest);

}  // namespace footfall::archive
