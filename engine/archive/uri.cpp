#include "engine/archive/uri.h"

#include <charconv>

#include "engine/base/error.h"

namespace footfall::archive {
namespace {

bool unreserved(char byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' || byte == '~';
}

int hexDigit(char byte) {
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

// What a host name or address may consist of; anything else could mean something to a parser.
bool hostByte(char byte, bool bracketed) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' || byte == '_' ||
           (bracketed && byte == ':');
}

}  // namespace

std::string percentEncode(std::string_view text, bool slashes) {
    std::string result;
    result.reserve(text.size());
    for (const char byte : text) {
        if (unreserved(byte) || (slashes && byte == '/')) {
            result += byte;
        } else {
            result += '%';
            result += "0123456789ABCDEF"[static_cast<unsigned char>(byte) >> 4];
            result += "0123456789ABCDEF"[static_cast<unsigned char>(byte) & 15];
        }
    }
    return result;
}

std::string percentDecode(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            result += text[at];
            continue;
        }
        const int high = at + 2 < text.size() ? hexDigit(text[at + 1]) : -1;
        const int low = at + 2 < text.size() ? hexDigit(text[at + 2]) : -1;
        if (high < 0 || low < 0)
            base::throwCorrupt("a percent sign is not followed by two hexadecimal digits");
        result += static_cast<char>(high * 16 + low);
        at += 2;
    }
    return result;
}

std::string Endpoint::authority() const {
    std::string result = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (port != (secure ? 443 : 80))
        result += ":" + std::to_string(port);
    return result;
}

std::string Endpoint::url() const {
    return (secure ? "https://" : "http://") + authority();
}

Endpoint parseEndpoint(std::string_view url, std::string* rest) {
    Endpoint result;
    if (url.starts_with("https://")) {
        url.remove_prefix(8);
    } else if (url.starts_with("http://")) {
        url.remove_prefix(7);
        result.secure = false;
    } else {
        base::throwBadArgument("an endpoint begins with https:// or http://");
    }
    result.port = result.secure ? 443 : 80;
    const size_t end = url.find_first_of("/?#");
    std::string_view authority = url.substr(0, end);
    *rest = end == std::string_view::npos ? std::string() : std::string(url.substr(end));
    if (authority.find('@') != std::string_view::npos)
        base::throwBadArgument("an endpoint must not hold a user name or password");
    const bool bracketed = authority.starts_with('[');
    std::string_view port;
    if (bracketed) {
        const size_t close = authority.find(']');
        if (close == std::string_view::npos)
            base::throwBadArgument("the host of an endpoint lacks its closing bracket");
        result.host = authority.substr(1, close - 1);
        port = authority.substr(close + 1);
    } else {
        const size_t colon = authority.find(':');
        result.host = authority.substr(0, colon);
        port = colon == std::string_view::npos ? std::string_view() : authority.substr(colon);
    }
    if (result.host.empty() || result.host.size() > 253)
        base::throwBadArgument("an endpoint needs a host name");
    for (char& byte : result.host) {
        if (!hostByte(byte, bracketed))
            base::throwBadArgument("the host name of an endpoint holds an invalid character");
        if (byte >= 'A' && byte <= 'Z')
            byte = static_cast<char>(byte - 'A' + 'a');
    }
    if (!port.empty()) {
        const char* last = port.data() + port.size();
        const auto [at, failure] = std::from_chars(port.data() + 1, last, result.port);
        if (port.front() != ':' || failure != std::errc() || at != last || result.port == 0)
            base::throwBadArgument("the port of an endpoint must be between 1 and 65535");
    }
    return result;
}

}  // namespace footfall::archive
