// The background worker that trains one model; see README.md.
//
// All signals but SIGQUIT are blocked while it trains, so that the threads that libraries start
// never take one; the monitor looks whether one is waiting. A worker without a database takes no
// part in other processes' barriers, so nobody waits for it.
#include <csignal>

#include "engine/training/training.h"
#include "extension/pg/guard.h"
#include "extension/training/channel.h"

namespace footfall::training {

namespace {

class SignalMonitor final : public model::Monitor {
  public:
    explicit SignalMonitor(Channel* channel) : channel_(channel) {}

    void check() override {
        // Asking the system takes a tenth of a microsecond; the checks come more often than needed.
        constexpr unsigned kEvery = 64;
        if (++calls_ % kEvery != 0)
            return;
        sigset_t waiting;
        sigemptyset(&waiting);
        sigpending(&waiting);
        if (sigismember(&waiting, SIGTERM) == 1 || !PostmasterIsAlive())
            throw model::Cancelled{};
    }
    void progress(size_t done, size_t total) override {
        channel_->done = done;
        channel_->total = total;
        calls_ = kNext;
        check();
    }

  private:
    static constexpr unsigned kNext = 63;
    Channel* channel_;
    unsigned calls_ = 0;
};

// Fills `writer` with the message; false when the training was cancelled.
bool trainInto(Channel* channel, base::ByteWriter& writer, ErrorMessage& error) {
    pg::FailureReport report;
    report.sqlstate = 0;
    try {
        base::ByteReader reader({channel->request(), channel->requestBytes});
        model::Options options =
            model::Options::of(static_cast<model::Algorithm>(channel->algorithm));
        for (uint64_t left = reader.varint(); left > 0; left--) {
            const auto name = reader.text(reader.varintUpTo(reader.remaining(), "length"));
            const auto value = reader.text(reader.varintUpTo(reader.remaining(), "length"));
            options.set(name, value);
        }
        SignalMonitor monitor(channel);
        model::Dataset dataset = model::Dataset::unpack(reader);
        const model::TrainingResult result =
            train(std::move(dataset), options, channel->threads, monitor);
        writer.u8('R');
        result.pack(writer);
        return true;
    } catch (const model::Cancelled&) {
        return false;
    } catch (const base::Error& thrown) {
        pg::describe(report, thrown);
    } catch (const std::bad_alloc&) {
        pg::describe(report, ERRCODE_OUT_OF_MEMORY, "out of memory while training");
    } catch (const std::exception& thrown) {
        pg::describe(report, ERRCODE_INTERNAL_ERROR, thrown.what());
    }
    error.tag = 'E';
    error.sqlstate = report.sqlstate;
    strlcpy(error.message, report.message, sizeof(error.message));
    strlcpy(error.detail, report.detail, sizeof(error.detail));
    strlcpy(error.hint, report.hint, sizeof(error.hint));
    return true;
}

// Owns C++ objects; calls PostgreSQL only where that can end no way but returning or ending the
// process.
void answer(Channel* channel, shm_mq_handle* queue) {
    base::ByteWriter writer;
    ErrorMessage error = {};
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    sigdelset(&all, SIGQUIT);
    sigprocmask(SIG_BLOCK, &all, &before);
    const bool finished = trainInto(channel, writer, error);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    if (!finished)
        return;
    // A caller that is gone is told nothing.
    if (error.tag == 'E') {
        (void)shm_mq_send(queue, sizeof(error), &error, false, true);
    } else {
        (void)shm_mq_send(queue, writer.size(), writer.bytes().data(), false, true);
    }
}

}  // namespace

}  // namespace footfall::training

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void footfall_training_main(Datum argument);

void footfall_training_main(Datum argument) {
    using footfall::training::Channel;
    pqsignal(SIGTERM, die);
    BackgroundWorkerUnblockSignals();
    dsm_segment* segment = dsm_attach(DatumGetUInt32(argument));
    if (segment == nullptr) {
        // The caller gave up before this process was there.
        proc_exit(0);
    }
    auto* channel = static_cast<Channel*>(dsm_segment_address(segment));
    if (channel->magic != footfall::training::kChannelMagic)
        elog(ERROR, "the training process was given another segment");
    auto* queue = reinterpret_cast<shm_mq*>(channel->queue());
    shm_mq_set_sender(queue, MyProc);
    shm_mq_handle* handle = shm_mq_attach(queue, segment, nullptr);
    footfall::training::answer(channel, handle);
    dsm_detach(segment);
    proc_exit(0);
}
}
