#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

#include "bench/simulator/sink.h"

namespace footfall::simulator {

namespace {

class FileSink final : public Sink {
  public:
    explicit FileSink(const std::string& path) : path_(path) {
        descriptor_ =
            path == "-" ? STDOUT_FILENO : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (descriptor_ < 0) {
            fail("open");
        }
    }
    ~FileSink() override {
        if (path_ != "-" && descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    FileSink(const FileSink&) = delete;
    FileSink& operator=(const FileSink&) = delete;

    void write(std::string_view bytes) override {
        while (!bytes.empty()) {
            const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
            if (written < 0) {
                if (errno == EINTR) {
                    continue;
                }
                fail("write to");
            }
            bytes.remove_prefix(static_cast<size_t>(written));
        }
    }

    void finish() override {
        const int descriptor = descriptor_;
        if (path_ == "-") {
            return;
        }
        descriptor_ = -1;
        if (::close(descriptor) != 0) {
            fail("close");
        }
    }

  private:
    [[noreturn]] void fail(std::string_view action) const {
        throw std::runtime_error(fmt::format("cannot {} {}: {}", action,
                                             path_ == "-" ? "standard output" : path_,
                                             std::strerror(errno)));
    }

    std::string path_;
    int descriptor_ = -1;
};

}  // namespace

std::unique_ptr<Sink> openFileSink(const std::string& path) {
    return std::make_unique<FileSink>(path);
}

}  // namespace footfall::simulator
