#include "tests/archive/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <stdexcept>

namespace footfall::archive {
namespace {

void sendAll(int connection, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
}

}  // namespace

ScriptedServer::ScriptedServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || bind(listener_, generic, size) != 0 || listen(listener_, 16) != 0 ||
        getsockname(listener_, generic, &size) != 0) {
        throw std::runtime_error("no socket for the scripted server");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
    stopping_ = true;
    thread_.join();
    close(listener_);
}

std::vector<ScriptedRequest> ScriptedServer::requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void ScriptedServer::serve() {
    while (!stopping_) {
        pollfd waiting = {listener_, POLLIN, 0};
        if (poll(&waiting, 1, 20) != 1)
            continue;
        const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0)
            continue;
        serveConnection(connection);
        close(connection);
    }
}

// One request a connection.
void ScriptedServer::serveConnection(int connection) {
    std::string received;
    size_t headerEnd = std::string::npos;
    size_t bodySize = 0;
    ScriptedRequest request;
    while (headerEnd == std::string::npos || received.size() < headerEnd + 4 + bodySize) {
        pollfd waiting = {connection, POLLIN, 0};
        if (stopping_)
            return;
        if (poll(&waiting, 1, 20) != 1)
            continue;
        char buffer[65536];
        const ssize_t got = recv(connection, buffer, sizeof(buffer), 0);
        if (got <= 0)
            return;
        received.append(buffer, static_cast<size_t>(got));
        if (headerEnd != std::string::npos)
            continue;
        headerEnd = received.find("\r\n\r\n");
        if (headerEnd == std::string::npos)
            continue;
        const size_t lineEnd = received.find("\r\n");
        const std::string line = received.substr(0, lineEnd);
        const size_t space = line.find(' ');
        request.method = line.substr(0, space);
        request.target = line.substr(space + 1, line.rfind(' ') - space - 1);
        for (size_t at = lineEnd + 2; at < headerEnd + 2;) {
            const size_t end = received.find("\r\n", at);
            const std::string header = received.substr(at, end - at);
            std::string name = header.substr(0, header.find(':'));
            for (char& byte : name)
                byte = static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
            request.headers[name] = header.substr(header.find(':') + 2);
            at = end + 2;
        }
        if (request.headers.contains("content-length"))
            bodySize = std::stoul(request.headers["content-length"]);
    }
    request.body = received.substr(headerEnd + 4, bodySize);
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
    }
    const ScriptedReply reply = handler_(request);
    if (reply.silent)
        return;
    while (reply.stalled && !stopping_) {
        char byte;
        pollfd waiting = {connection, POLLIN, 0};
        if (poll(&waiting, 1, 20) == 1 && recv(connection, &byte, 1, 0) <= 0)
            return;
    }
    std::string answer = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n";
    for (const auto& [name, value] : reply.headers)
        answer += name + ": " + value + "\r\n";
    if (!reply.headers.contains("Content-Length"))
        answer += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
    answer += "Connection: close\r\n\r\n";
    if (request.method != "HEAD")
        answer += reply.body.substr(0, reply.sentBytes);
    sendAll(connection, answer);
}

}  // namespace footfall::archive
