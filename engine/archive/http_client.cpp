#include "engine/archive/http_client.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <exception>

namespace footfall::archive {
namespace {

// Callers look at the interrupt flag at least this often.
constexpr int kPollMillis = 100;

// Blocks all signals of this thread, so that threads that start meanwhile never run a handler.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    sigset_t before_;
};

void startCurl() {
    static const CURLcode started = [] {
        const SignalsBlocked blocked;
        return curl_global_init(CURL_GLOBAL_ALL);
    }();
    if (started != CURLE_OK)
        throw base::Error(base::ErrorKind::Io, "could not start libcurl: %s",
                          curl_easy_strerror(started));
}

// Failures of transport that another attempt may not meet.
bool mayPass(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_WEIRD_SERVER_REPLY:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_AGAIN:
        case CURLE_UPLOAD_FAILED:
        case CURLE_SEND_FAIL_REWIND:
            return true;
        default:
            return false;
    }
}

struct ListFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListFree>;

}  // namespace

const std::string& HttpResponse::header(const std::string& name) const {
    static const std::string kNone;
    const auto found = headers.find(name);
    return found == headers.end() ? kNone : found->second;
}

// libcurl's handles and what its callbacks need. The callbacks are C's: nothing may be thrown
// through libcurl, so an exception is kept and thrown again when libcurl has returned.
class HttpClient::Connection {
  public:
    Connection() {
        startCurl();
        easy_ = curl_easy_init();
        multi_ = curl_multi_init();
        if (easy_ == nullptr || multi_ == nullptr) {
            close();
            throw base::Error(base::ErrorKind::OutOfMemory, "out of memory");
        }
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { close(); }

    HttpResponse send(const HttpRequest& request, NetworkPolicy::Match match,
                      const Patience& patience) {
        request_ = &request;
        match_ = match;
        sent_ = 0;
        refusedAddress_ = false;
        tooLong_ = false;
        failure_ = nullptr;
        response_ = HttpResponse();
        const std::string url = request.endpoint.url() + request.target;
        HeaderList headers = headerList(request);
        configure(request, url, headers.get(), patience);
        const CURLcode code = run(patience);
        if (failure_ != nullptr)
            std::rethrow_exception(std::exchange(failure_, nullptr));
        if (code != CURLE_OK)
            throwTransport(code);
        long status = 0;
        curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
        response_.status = static_cast<int>(status);
        return std::move(response_);
    }

  private:
    void close() {
        // The pool of connections may wait for a name resolver's thread.
        const SignalsBlocked blocked;
        if (easy_ != nullptr)
            curl_easy_cleanup(easy_);
        if (multi_ != nullptr)
            curl_multi_cleanup(multi_);
    }

    static HeaderList headerList(const HttpRequest& request) {
        HeaderList list;
        const auto add = [&list](const std::string& header) {
            curl_slist* longer = curl_slist_append(list.get(), header.c_str());
            if (longer == nullptr)
                throw base::Error(base::ErrorKind::OutOfMemory, "out of memory");
            static_cast<void>(list.release());
            list.reset(longer);
        };
        add("Host: " + request.endpoint.authority());
        add("Expect:");  // no round trip before a body
        add("Accept:");
        for (const std::string& header : request.headers)
            add(header);
        return list;
    }

    void configure(const HttpRequest& request, const std::string& url, curl_slist* headers,
                   const Patience& patience) {
        curl_easy_reset(easy_);
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_PATH_AS_IS, 1L);
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, "");
        set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        set(CURLOPT_HTTPHEADER, headers);
        set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(patience.connectSeconds));
        set(CURLOPT_LOW_SPEED_LIMIT, 1L);
        set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(patience.stallSeconds));
        set(CURLOPT_OPENSOCKETFUNCTION, &openSocket);
        set(CURLOPT_OPENSOCKETDATA, this);
        set(CURLOPT_WRITEFUNCTION, &receive);
        set(CURLOPT_WRITEDATA, this);
        set(CURLOPT_HEADERFUNCTION, &receiveHeader);
        set(CURLOPT_HEADERDATA, this);
        if (request.method == "HEAD") {
            set(CURLOPT_NOBODY, 1L);
        } else if (request.method == "PUT" || request.method == "POST") {
            set(CURLOPT_UPLOAD, 1L);
            set(CURLOPT_READFUNCTION, &provide);
            set(CURLOPT_READDATA, this);
            set(CURLOPT_SEEKFUNCTION, &rewind);
            set(CURLOPT_SEEKDATA, this);
            set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.bodySize));
            set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
        } else {
            set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
        }
    }

    template <class Value>
    void set(CURLoption option, Value value) {
        if (curl_easy_setopt(easy_, option, value) != CURLE_OK)
            base::throwInternal("libcurl refused option %d", static_cast<int>(option));
    }

    // Runs the transfer to its end, asking for interrupts; the handle is out of the pool again on
    // every way out.
    CURLcode run(const Patience& patience) {
        if (curl_multi_add_handle(multi_, easy_) != CURLM_OK)
            base::throwInternal("libcurl did not take a request");
        struct Removal {
            Connection& connection;
            ~Removal() {
                const SignalsBlocked blocked;
                curl_multi_remove_handle(connection.multi_, connection.easy_);
            }
        } const removal{*this};
        while (true) {
            patience.poll();
            int running = 0;
            CURLMcode state;
            {
                const SignalsBlocked blocked;
                state = curl_multi_perform(multi_, &running);
            }
            if (state == CURLM_OK && running != 0)
                state = curl_multi_poll(multi_, nullptr, 0, kPollMillis, nullptr);
            if (state != CURLM_OK)
                throw TransientError(base::Error(base::ErrorKind::Io, "could not %s \"%s\": %s",
                                                 request_->method.c_str(), request_->shown.c_str(),
                                                 curl_multi_strerror(state)));
            if (running != 0)
                continue;
            int left = 0;
            const CURLMsg* message = curl_multi_info_read(multi_, &left);
            if (message == nullptr || message->msg != CURLMSG_DONE)
                base::throwInternal("libcurl ended a request without a result");
            return message->data.result;
        }
    }

    [[noreturn]] void throwTransport(CURLcode code) const {
        const char* method = request_->method.c_str();
        const char* shown = request_->shown.c_str();
        if (refusedAddress_) {
            base::Error error(base::ErrorKind::BadArgument,
                              "the address of host \"%s\" is not an allowed one",
                              request_->endpoint.host.c_str());
            throw error.withHint(
                "Link-local addresses are never allowed; private ones are where "
                "footfall.allowed_endpoints names the host itself.");
        }
        if (tooLong_)
            base::throwCorrupt("the answer to %s \"%s\" is longer than it can be", method, shown);
        if (mayPass(code))
            throw TransientError(base::Error(base::ErrorKind::Io, "could not %s \"%s\" at %s: %s",
                                             method, shown, request_->endpoint.host.c_str(),
                                             curl_easy_strerror(code)));
        throw base::Error(base::ErrorKind::Io, "could not %s \"%s\" at %s: %s", method, shown,
                          request_->endpoint.host.c_str(), curl_easy_strerror(code));
    }

    static curl_socket_t openSocket(void* self, curlsocktype, curl_sockaddr* address) noexcept {
        auto& connection = *static_cast<Connection*>(self);
        if (!NetworkPolicy::allowsAddress(connection.match_, address->addr, address->addrlen)) {
            connection.refusedAddress_ = true;
            return CURL_SOCKET_BAD;
        }
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    }

    // Runs a callback's body; what it throws is kept for later.
    template <class Body>
    size_t guarded(size_t failed, Body&& body) noexcept {
        try {
            return body();
        } catch (...) {
            failure_ = std::current_exception();
            return failed;
        }
    }

    static size_t receive(const char* data, size_t, size_t size, void* self) noexcept {
        auto& connection = *static_cast<Connection*>(self);
        return connection.guarded(CURL_WRITEFUNC_ERROR, [&] {
            return connection.take({data, size});
        });
    }

    size_t take(std::string_view piece) {
        long status = 0;
        curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
        const std::span<std::byte> into = request_->into;
        if (!into.empty() && (status == 200 || status == 206)) {
            if (piece.size() > into.size() - response_.filled) {
                tooLong_ = true;
                return CURL_WRITEFUNC_ERROR;
            }
            std::memcpy(into.data() + response_.filled, piece.data(), piece.size());
            response_.filled += piece.size();
            return piece.size();
        }
        if (piece.size() > request_->maxText - response_.text.size()) {
            tooLong_ = true;
            return CURL_WRITEFUNC_ERROR;
        }
        response_.text += piece;
        return piece.size();
    }

    static size_t receiveHeader(const char* data, size_t, size_t size, void* self) noexcept {
        auto& connection = *static_cast<Connection*>(self);
        return connection.guarded(0, [&] {
            connection.takeHeader({data, size});
            return size;
        });
    }

    void takeHeader(std::string_view line) {
        const size_t colon = line.find(':');
        if (colon == std::string_view::npos || response_.headers.size() > 200)
            return;
        std::string name(line.substr(0, colon));
        for (char& byte : name) {
            if (byte >= 'A' && byte <= 'Z')
                byte = static_cast<char>(byte - 'A' + 'a');
        }
        std::string_view value = line.substr(colon + 1);
        const auto blank = [](char byte) {
            return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
        };
        while (!value.empty() && blank(value.front()))
            value.remove_prefix(1);
        while (!value.empty() && blank(value.back()))
            value.remove_suffix(1);
        response_.headers[name] = value;
    }

    static size_t provide(char* buffer, size_t, size_t room, void* self) noexcept {
        auto& connection = *static_cast<Connection*>(self);
        return connection.guarded(CURL_READFUNC_ABORT, [&] {
            const HttpRequest& request = *connection.request_;
            const size_t size = std::min<uint64_t>(room, request.bodySize - connection.sent_);
            if (size != 0)
                request.body->read(request.bodyOffset + connection.sent_,
                                   {reinterpret_cast<std::byte*>(buffer), size});
            connection.sent_ += size;
            return size;
        });
    }

    static int rewind(void* self, curl_off_t offset, int origin) noexcept {
        auto& connection = *static_cast<Connection*>(self);
        if (origin != SEEK_SET || offset < 0 ||
            static_cast<uint64_t>(offset) > connection.request_->bodySize) {
            return CURL_SEEKFUNC_FAIL;
        }
        connection.sent_ = static_cast<uint64_t>(offset);
        return CURL_SEEKFUNC_OK;
    }

    CURL* easy_ = nullptr;
    CURLM* multi_ = nullptr;
    const HttpRequest* request_ = nullptr;
    NetworkPolicy::Match match_ = NetworkPolicy::Match::None;
    uint64_t sent_ = 0;
    bool refusedAddress_ = false;
    bool tooLong_ = false;
    std::exception_ptr failure_;
    HttpResponse response_;
};

HttpClient::HttpClient(NetworkPolicy policy, Patience patience)
    : policy_(std::move(policy)), patience_(std::move(patience)) {}

HttpClient::~HttpClient() = default;

HttpResponse HttpClient::send(const HttpRequest& request) {
    const NetworkPolicy::Match match = policy_.match(request.endpoint.host, request.endpoint.port);
    if (match == NetworkPolicy::Match::None) {
        base::Error error(base::ErrorKind::BadArgument, "endpoint \"%s\" is not an allowed one",
                          request.endpoint.authority().c_str());
        throw error.withHint("A superuser adds it to footfall.allowed_endpoints.");
    }
    // A request that was given up leaves a connection in an unknown state: start afresh then.
    if (connection_ == nullptr)
        connection_ = std::make_unique<Connection>();
    try {
        return connection_->send(request, match, patience_);
    } catch (...) {
        connection_.reset();
        throw;
    }
}

void HttpClient::throwStatus(const HttpRequest& request, const HttpResponse& response,
                             const std::string& code) {
    // The code comes from outside: one plain word or nothing.
    const bool plain =
        !code.empty() && code.size() <= 64 && std::all_of(code.begin(), code.end(), [](char byte) {
            return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                   (byte >= '0' && byte <= '9') || byte == '.';
        });
    const std::string reason = plain ? " (" + code + ")" : "";
    switch (response.status) {
        case 408:
        case 425:
        case 429:
        case 500:
        case 502:
        case 503:
        case 504:
            throw TransientError(base::Error(base::ErrorKind::Io, "%s \"%s\" at %s: status %d%s",
                                             request.method.c_str(), request.shown.c_str(),
                                             request.endpoint.host.c_str(), response.status,
                                             reason.c_str()));
        default:
            break;
    }
    const bool full = response.status == 507;
    base::Error error(full ? base::ErrorKind::DiskFull : base::ErrorKind::Io,
                      "%s \"%s\" at %s: status %d%s", request.method.c_str(), request.shown.c_str(),
                      request.endpoint.host.c_str(), response.status, reason.c_str());
    if (response.status == 401 || response.status == 403)
        error.withHint("Check the user mapping's credentials and what they may do there.");
    throw error;
}

}  // namespace footfall::archive
