// See trainer.h.
//
// How memory that is missing becomes an error: most of it is C++ and throws. What XGBoost's threads
// throw where nobody catches ends in std::terminate. LIBLINEAR does not look whether malloc gave it
// anything, and reads from null: a fault right after malloc has said ENOMEM is taken for that.
#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include "extension/training/trainer.h"

#include <cerrno>
#include <csignal>

#include "engine/training/recommender_training.h"
#include "engine/training/training.h"
#include "extension/pg/guard.h"

namespace footfall::training {

namespace {

// For those who run on no stack of ours.
int answerTo = -1;
ErrorMessage outOfMemory = {};

// Ends the process when nobody listens.
void writeAll(const void* data, size_t size) {
    const auto* at = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t written = write(answerTo, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            _exit(1);
        at += written;
        size -= static_cast<size_t>(written);
    }
}

[[noreturn]] void endOutOfMemory() {
    writeAll(&outOfMemory, sizeof(outOfMemory));
    _exit(0);
}

[[noreturn]] void onTerminate() {
    try {
        if (const std::exception_ptr thrown = std::current_exception())
            std::rethrow_exception(thrown);
    } catch (const std::bad_alloc&) {
        endOutOfMemory();
    } catch (...) {
    }
    std::abort();
}

// The postmaster tells the whole group of a worker to be gone at once; there is nothing to dump.
void onQuit(int /*signal*/) {
    _exit(2);
}

void onFault(int signal, siginfo_t* /*info*/, void* /*context*/) {
    if (errno == ENOMEM)
        endOutOfMemory();
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

void setHandlers() {
    struct sigaction action = {};
    sigemptyset(&action.sa_mask);
    action.sa_handler = SIG_DFL;
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGCHLD})
        sigaction(signal, &action, nullptr);
    action.sa_handler = onQuit;
    sigaction(SIGQUIT, &action, nullptr);
    action.sa_sigaction = onFault;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, nullptr);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    std::set_terminate(onTerminate);
}

// What this process cannot reach it cannot damage. The channel is in a segment of its own, unless
// the server keeps a part of its shared memory for such segments.
void leaveSharedMemory() {
    if (min_dynamic_shared_memory == 0)
        PGSharedMemoryDetach();
}

// What the process has already, the server's shared memory included, is not counted.
void limitMemory(uint64_t kilobytes) {
    if (kilobytes == 0)
        return;
    unsigned long pages = 0;
    if (FILE* sizes = std::fopen("/proc/self/statm", "r"); sizes != nullptr) {
        if (std::fscanf(sizes, "%lu", &pages) != 1)
            pages = 0;
        (void)std::fclose(sizes);
    }
    rlimit limit = {};
    if (pages == 0 || getrlimit(RLIMIT_AS, &limit) != 0)
        return;
    const rlim_t wanted = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + kilobytes * 1024;
    if (limit.rlim_cur == RLIM_INFINITY || wanted < limit.rlim_cur) {
        limit.rlim_cur = wanted;
        (void)setrlimit(RLIMIT_AS, &limit);
    }
}

// Where the system must end a process because memory is short, this one rather than the server.
void offerToBeKilled() {
    if (FILE* score = std::fopen("/proc/self/oom_score_adj", "w"); score != nullptr) {
        (void)std::fputs("1000", score);
        (void)std::fclose(score);
    }
}

// Stopping is the parent's, who kills. Where the system does not tell that the parent is gone, this
// one looks.
class Watch final : public model::Monitor {
  public:
    Watch(Channel* channel, pid_t parent) : channel_(channel), parent_(parent) {}

    void check() override {
        constexpr unsigned kEvery = 64;
        // Of a shortage that somebody has dealt with.
        errno = 0;
        if (++calls_ % kEvery == 0 && getppid() != parent_)
            throw model::Cancelled{};
    }
    void progress(size_t done, size_t total) override {
        channel_->done = done;
        channel_->total = total;
    }

  private:
    Channel* channel_;
    pid_t parent_;
    unsigned calls_ = 0;
};

void fill(ErrorMessage& message, const pg::FailureReport& report) {
    message.tag = 'E';
    message.sqlstate = report.sqlstate;
    strlcpy(message.message, report.message, sizeof(message.message));
    strlcpy(message.detail, report.detail, sizeof(message.detail));
    strlcpy(message.hint, report.hint, sizeof(message.hint));
}

template <class Options>
void readOptions(base::ByteReader& reader, Options& options) {
    for (uint64_t left = reader.varint(); left > 0; left--) {
        const auto name = reader.text(reader.varintUpTo(reader.remaining(), "length"));
        const auto value = reader.text(reader.varintUpTo(reader.remaining(), "length"));
        options.set(name, value);
    }
}

void modelInto(base::ByteWriter& writer, const Channel* channel, base::ByteReader& reader,
               model::Monitor& monitor) {
    model::Options options = model::Options::of(static_cast<model::Algorithm>(channel->algorithm));
    readOptions(reader, options);
    model::Dataset dataset = model::Dataset::unpack(reader);
    train(std::move(dataset), options, channel->threads, monitor).pack(writer);
}

void recommenderInto(base::ByteWriter& writer, const Channel* channel, base::ByteReader& reader,
                     model::Monitor& monitor) {
    auto options =
        recommendation::Options::of(static_cast<recommendation::Algorithm>(channel->algorithm));
    readOptions(reader, options);
    const auto interactions = recommendation::Interactions::unpack(reader);
    const TrainedRecommender trained =
        trainRecommender(interactions, options, channel->threads, monitor);
    writer.u64(trained.interactions);
    writer.u64(trained.testCustomers);
    writer.varint(trained.metrics.size());
    for (const model::MetricRow& row : trained.metrics) {
        writer.varint(row.metric.size());
        writer.append(row.metric);
        writer.write(row.value);
    }
    base::ByteWriter content;
    trained.recommender.pack(content);
    writer.u64(content.size());
    if (content.size() <= kMostContent)
        writer.append(content.bytes());
}

void answer(Channel* channel, pid_t parent) {
    pg::FailureReport report;
    try {
        base::ByteReader reader({channel->request(), channel->requestBytes});
        Watch watch(channel, parent);
        base::ByteWriter writer;
        writer.u8('R');
        if (channel->task == Task::Recommender) {
            recommenderInto(writer, channel, reader, watch);
        } else {
            modelInto(writer, channel, reader, watch);
        }
        writeAll(writer.bytes().data(), writer.size());
        return;
    } catch (const model::Cancelled&) {
        return;
    } catch (const base::Error& thrown) {
        pg::describe(report, thrown);
    } catch (const std::bad_alloc&) {
        endOutOfMemory();
    } catch (const std::exception& thrown) {
        pg::describe(report, ERRCODE_INTERNAL_ERROR, thrown.what());
    }
    ErrorMessage message = {};
    fill(message, report);
    writeAll(&message, sizeof(message));
}

}  // namespace

void runTrainer(Channel* channel, int answerPipe, pid_t parent) {
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent)
        _exit(1);
    answerTo = answerPipe;
    pg::FailureReport report;
    pg::describe(report, ERRCODE_OUT_OF_MEMORY, "out of memory while training");
    strlcpy(report.hint,
            "Train on fewer rows or features, or with fewer bins or threads, or raise "
            "footfall.training_memory if it is set.",
            sizeof(report.hint));
    fill(outOfMemory, report);
    setHandlers();
    // Handlers of the worker's, which set latches there, are gone.
    leaveSharedMemory();
    offerToBeKilled();
    limitMemory(channel->memoryKilobytes);
    // Only what malloc says from here on tells of a fault that memory was short.
    errno = 0;
    answer(channel, parent);
    _exit(0);
}

}  // namespace footfall::training
