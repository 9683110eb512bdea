#include "engine/archive/network_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "engine/base/error.h"

namespace footfall::archive {
namespace {

enum class Reach { Public, Private, Never };

Reach reachOf(uint32_t address) noexcept {
    const auto inside = [address](uint32_t network, unsigned bits) {
        return (address ^ network) >> (32 - bits) == 0;
    };
    if (inside(0x00000000, 8) || inside(0xa9fe0000, 16) || inside(0xe0000000, 3))
        return Reach::Never;  // "this network", link-local, multicast and reserved
    if (inside(0x7f000000, 8) || inside(0x0a000000, 8) || inside(0xac100000, 12) ||
        inside(0xc0a80000, 16) || inside(0x64400000, 10)) {
        return Reach::Private;
    }
    return Reach::Public;
}

Reach reachOf(const in6_addr& address) noexcept {
    const uint8_t* bytes = address.s6_addr;
    const auto embedded = [bytes](size_t at) {
        uint32_t value;
        std::memcpy(&value, bytes + at, sizeof(value));
        return reachOf(ntohl(value));
    };
    if (IN6_IS_ADDR_LOOPBACK(&address))
        return Reach::Private;
    if (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_MULTICAST(&address) ||
        IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_SITELOCAL(&address)) {
        return Reach::Never;
    }
    if (IN6_IS_ADDR_V4MAPPED(&address) || IN6_IS_ADDR_V4COMPAT(&address))
        return embedded(12);
    static constexpr uint8_t kNat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (std::memcmp(bytes, kNat64, sizeof(kNat64)) == 0)
        return embedded(12);
    if (bytes[0] == 0x20 && bytes[1] == 0x02)  // 6to4
        return embedded(2);
    if ((bytes[0] & 0xfe) == 0xfc)
        // The metadata service of one cloud has a unique local address of its own.
        return bytes[0] == 0xfd && bytes[1] == 0x00 && bytes[2] == 0x0e && bytes[3] == 0xc2
                   ? Reach::Never
                   : Reach::Private;
    return Reach::Public;
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

}  // namespace

NetworkPolicy::NetworkPolicy(std::string_view allowed) {
    while (!trim(allowed).empty()) {
        const size_t comma = allowed.find(',');
        std::string_view item = trim(allowed.substr(0, comma));
        allowed = comma == std::string_view::npos ? std::string_view() : allowed.substr(comma + 1);
        const std::string shown(item);
        Rule rule;
        std::string_view port;
        if (item.starts_with('[')) {
            const size_t close = item.find(']');
            if (close == std::string_view::npos)
                base::throwBadArgument("\"%s\" lacks a closing bracket", shown.c_str());
            rule.host = item.substr(1, close - 1);
            port = item.substr(close + 1);
        } else {
            const size_t colon = item.find(':');
            rule.host = item.substr(0, colon);
            port = colon == std::string_view::npos ? std::string_view() : item.substr(colon);
        }
        if (!port.empty()) {
            const char* last = port.data() + port.size();
            const auto [at, failure] = std::from_chars(port.data() + 1, last, rule.port);
            if (port.front() != ':' || failure != std::errc() || at != last || rule.port == 0)
                base::throwBadArgument("the port in \"%s\" must be between 1 and 65535",
                                       shown.c_str());
        }
        if (rule.host.starts_with('*')) {
            rule.suffix = true;
            rule.host.erase(0, 1);
            if (!rule.host.empty() && (rule.host.front() != '.' || rule.host.size() < 2))
                base::throwBadArgument("\"%s\": a star is followed by a dot and a domain",
                                       shown.c_str());
        } else if (rule.host.empty()) {
            base::throwBadArgument("a host name is missing in the list of endpoints");
        }
        if (rule.host.find_first_of("*/@ ") != std::string::npos)
            base::throwBadArgument("\"%s\" is not a host, host:port, *.domain or *", shown.c_str());
        std::transform(rule.host.begin(), rule.host.end(), rule.host.begin(), [](char byte) {
            return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
        });
        rules_.push_back(std::move(rule));
    }
}

NetworkPolicy::Match NetworkPolicy::match(std::string_view host, uint16_t port) const {
    Match result = Match::None;
    for (const Rule& rule : rules_) {
        if (rule.port != 0 && rule.port != port)
            continue;
        if (!rule.suffix && rule.host == host)
            return Match::Exact;
        if (rule.suffix &&
            (rule.host.empty() || (host.size() > rule.host.size() && host.ends_with(rule.host)))) {
            result = Match::Pattern;
        }
    }
    return result;
}

bool NetworkPolicy::allowsAddress(Match match, const sockaddr& address, socklen_t size) noexcept {
    Reach reach = Reach::Never;
    if (address.sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
        sockaddr_in v4;
        std::memcpy(&v4, &address, sizeof(v4));
        reach = reachOf(ntohl(v4.sin_addr.s_addr));
    } else if (address.sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &address, sizeof(v6));
        reach = reachOf(v6.sin6_addr);
    }
    switch (match) {
        case Match::None:
            return false;
        case Match::Pattern:
            return reach == Reach::Public;
        case Match::Exact:
            return reach != Reach::Never;
    }
    return false;
}

}  // namespace footfall::archive
