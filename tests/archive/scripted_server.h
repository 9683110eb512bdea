// An HTTP server on the loopback whose answers a test decides, broken ones included.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace footfall::archive {

struct ScriptedRequest {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
};

struct ScriptedReply {
    int status = 200;
    std::map<std::string, std::string> headers;
    std::string body;
    bool silent = false;  // the connection is closed without an answer
    // Bytes of the body that are sent before the connection is closed.
    size_t sentBytes = SIZE_MAX;
    bool stalled = false;  // nothing is answered until the client goes away
};

class ScriptedServer {
  public:
    using Handler = std::function<ScriptedReply(const ScriptedRequest&)>;

    explicit ScriptedServer(Handler handler);
    ~ScriptedServer();

    uint16_t port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    // Everything that was asked so far.
    std::vector<ScriptedRequest> requests();

  private:
    void serve();
    void serveConnection(int connection);

    Handler handler_;
    int listener_ = -1;
    uint16_t port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::vector<ScriptedRequest> requests_;
    std::thread thread_;
};

}  // namespace footfall::archive
