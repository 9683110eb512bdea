// Which hosts a store may talk to.
//
// Asked twice: by name before anything is sent, and by address when a socket is about to be opened,
// so that a name which resolves to something else a moment later gains nothing. Link-local
// addresses (where clouds keep metadata and passwords), multicast and "any" are never allowed;
// loopback and private ones only where the list names the host itself, not by a pattern.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace footfall::archive {

class NetworkPolicy {
  public:
    // Comma-separated: host, host:port, *.domain, *.domain:port, or *; an IPv6 address in brackets.
    // Empty: nothing. Throws BadArgument.
    explicit NetworkPolicy(std::string_view allowed);

    enum class Match { None, Pattern, Exact };
    Match match(std::string_view host, uint16_t port) const;
    // Whether a connection to a host that matched so may go to this address.
    static bool allowsAddress(Match match, const sockaddr& address, socklen_t size) noexcept;

  private:
    struct Rule {
        std::string host;  // without "*"
        bool suffix = false;
        uint16_t port = 0;  // 0: any
    };
    std::vector<Rule> rules_;
};

}  // namespace footfall::archive
