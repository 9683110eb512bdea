// The background worker that has one model or recommender trained; see README.md.
//
// The work is a child's (trainer.h). This process starts it, hands its answer on, says what became
// of it when there is none, and kills it when it is told to stop. A worker without a database takes
// no part in other processes' barriers, so nobody waits for it.
#include <sys/wait.h>
#include <unistd.h>

#include "extension/training/trainer.h"

#include <cerrno>
#include <csignal>

namespace footfall::training {

namespace {

// The child, while there is one.
pid_t trainer = 0;

// However this process ends, an ERROR included, before its caller hears of it.
void stopTrainer(int /*code*/, Datum /*argument*/) {
    if (trainer == 0)
        return;
    kill(trainer, SIGKILL);
    while (waitpid(trainer, nullptr, 0) < 0 && errno == EINTR) {
    }
    trainer = 0;
}

// Until the trainer closes its end.
StringInfo readAnswer(int from) {
    StringInfo answer = makeStringInfo();
    for (;;) {
        const int events =
            WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_SOCKET_READABLE | WL_EXIT_ON_PM_DEATH,
                              from, -1, PG_WAIT_EXTENSION);
        if ((events & WL_LATCH_SET) != 0) {
            ResetLatch(MyLatch);
            if (ShutdownRequestPending != 0)
                proc_exit(0);
            CHECK_FOR_INTERRUPTS();
        }
        if ((events & WL_SOCKET_READABLE) == 0)
            continue;
        constexpr int kPiece = 65536;
        enlargeStringInfo(answer, kPiece);
        const ssize_t got = read(from, answer->data + answer->len, kPiece);
        if (got == 0)
            return answer;
        if (got > 0) {
            answer->len += static_cast<int>(got);
        } else if (errno != EINTR && errno != EAGAIN) {
            ereport(ERROR, (errcode_for_file_access(),
                            errmsg("could not read what the training process says: %m")));
        }
    }
}

// What became of a trainer that gave no answer.
ErrorMessage describeEnd(int status) {
    ErrorMessage error = {};
    error.tag = 'E';
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
        error.sqlstate = ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
        snprintf(error.message, sizeof(error.message),
                 "the training process was ended by signal %d", WTERMSIG(status));
        return error;
    }
    error.sqlstate = ERRCODE_OUT_OF_MEMORY;
    snprintf(error.message, sizeof(error.message), "out of memory while training");
    if (WIFSIGNALED(status)) {
        snprintf(error.detail, sizeof(error.detail),
                 "The training process was killed, as the system does when memory is short.");
    } else {
        snprintf(error.detail, sizeof(error.detail),
                 "The training process ended with status %d, as it does when the system gives it "
                 "no threads.",
                 WEXITSTATUS(status));
    }
    return error;
}

void train(Channel* channel, shm_mq_handle* queue) {
    int ends[2];
    if (pipe(ends) != 0) {
        ereport(ERROR,
                (errcode_for_file_access(), errmsg("could not make a pipe for training: %m")));
    }
    (void)fflush(nullptr);
    const pid_t self = MyProcPid;
    before_shmem_exit(stopTrainer, Datum{0});
    trainer = fork();
    if (trainer < 0) {
        trainer = 0;
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
                        errmsg("could not start a process to train a model: %m")));
    }
    if (trainer == 0) {
        // What this process has promised to do at its end is the parent's to do.
        on_exit_reset();
        close(ends[0]);
        runTrainer(channel, ends[1], self);
    }
    close(ends[1]);
    StringInfo answer = readAnswer(ends[0]);
    int status = 0;
    while (waitpid(trainer, &status, 0) < 0 && errno == EINTR) {
    }
    trainer = 0;
    // A caller that is gone is told nothing.
    if (status == 0 && answer->len > 0) {
        (void)shm_mq_send(queue, static_cast<Size>(answer->len), answer->data, false, true);
    } else {
        const ErrorMessage error = describeEnd(status);
        (void)shm_mq_send(queue, sizeof(error), &error, false, true);
    }
}

}  // namespace

}  // namespace footfall::training

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void footfall_training_main(Datum argument);

void footfall_training_main(Datum argument) {
    using footfall::training::Channel;
    pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
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
    footfall::training::train(channel, handle);
    dsm_detach(segment);
    proc_exit(0);
}
}
