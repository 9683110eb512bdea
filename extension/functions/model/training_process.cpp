// See training_process.h.
#ifdef __linux__
#include <sched.h>
#endif

#include "extension/functions/model/training_process.h"

#include <algorithm>
#include <thread>

#include "extension/module/settings.h"

namespace footfall::functions {

using training::Channel;

namespace {

void stopWorker(dsm_segment* /*segment*/, Datum handle) {
    TerminateBackgroundWorker(reinterpret_cast<BackgroundWorkerHandle*>(DatumGetPointer(handle)));
}

// That this server may run on.
uint32_t processors() {
#ifdef __linux__
    // A machine with more processors than a set has room for is an error.
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        return static_cast<uint32_t>(CPU_COUNT(&set));
#endif
    return std::max(std::thread::hardware_concurrency(), 1U);
}

struct Worker {
    dsm_segment* segment;
    Channel* channel;
    shm_mq_handle* queue;
};

Worker startWorker(std::span<const std::byte> request, training::Task task, uint32_t algorithm) {
    Worker worker = {};
    worker.segment = dsm_create(Channel::bytesFor(request.size()), 0);
    worker.channel = new (dsm_segment_address(worker.segment)) Channel();
    Channel* channel = worker.channel;
    channel->magic = training::kChannelMagic;
    channel->task = task;
    channel->algorithm = algorithm;
    channel->threads = trainingThreads();
    channel->memoryKilobytes = static_cast<uint64_t>(module::trainingMemory);
    channel->requestBytes = request.size();
    memcpy(channel->request(), request.data(), request.size());
    auto* queue = shm_mq_create(channel->queue(), training::kQueueBytes);
    shm_mq_set_receiver(queue, MyProc);

    BackgroundWorker registration = {};
    snprintf(registration.bgw_name, BGW_MAXLEN, "footfall training for %d", MyProcPid);
    snprintf(registration.bgw_type, BGW_MAXLEN, "footfall training");
    snprintf(registration.bgw_library_name, sizeof(registration.bgw_library_name), "%s",
             training::kWorkerLibrary);
    snprintf(registration.bgw_function_name, BGW_MAXLEN, "%s", training::kWorkerFunction);
    registration.bgw_flags = BGWORKER_SHMEM_ACCESS;
    registration.bgw_start_time = BgWorkerStart_ConsistentState;
    registration.bgw_restart_time = BGW_NEVER_RESTART;
    registration.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(worker.segment));
    registration.bgw_notify_pid = MyProcPid;
    // The handle must be there when an abort lets the segment go.
    MemoryContext before = MemoryContextSwitchTo(TopTransactionContext);
    BackgroundWorkerHandle* handle = nullptr;
    const bool started = RegisterDynamicBackgroundWorker(&registration, &handle);
    MemoryContextSwitchTo(before);
    if (!started) {
        ereport(ERROR, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                        errmsg("there is no free background worker to train a model"),
                        errhint("Try again later, or increase max_worker_processes.")));
    }
    on_dsm_detach(worker.segment, stopWorker, PointerGetDatum(handle));
    worker.queue = shm_mq_attach(queue, worker.segment, handle);
    return worker;
}

// The message, in memory of the queue's.
std::span<const std::byte> waitFor(const Worker& worker) {
    uint64 told = 0;
    for (;;) {
        Size length = 0;
        void* data = nullptr;
        const shm_mq_result result = shm_mq_receive(worker.queue, &length, &data, true);
        if (result == SHM_MQ_SUCCESS)
            return {static_cast<const std::byte*>(data), length};
        if (result == SHM_MQ_DETACHED) {
            ereport(ERROR, (errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
                            errmsg("the training process ended without an answer"),
                            errhint("The server's log says more: the module footfall_train may be "
                                    "missing, or the process was terminated.")));
        }
        constexpr long kTellEvery = 1000;
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kTellEvery,
                        PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
        const uint64 done = worker.channel->done;
        const uint64 total = worker.channel->total;
        if (done != told && total > 0) {
            told = done;
            ereport(DEBUG1, (errmsg_internal("training: " UINT64_FORMAT " of " UINT64_FORMAT, done,
                                             total)));
        }
    }
}

[[noreturn]] void raise(const training::ErrorMessage& error) {
    ereport(ERROR, (errcode(error.sqlstate), errmsg_internal("%s", error.message),
                    error.detail[0] != '\0' ? errdetail_internal("%s", error.detail) : 0,
                    error.hint[0] != '\0' ? errhint("%s", error.hint) : 0));
    pg_unreachable();
}

}  // namespace

uint32_t trainingThreads() {
    const int workers = std::min(max_parallel_maintenance_workers, max_worker_processes);
    return std::min(static_cast<uint32_t>(workers) + 1, processors());
}

void runInWorker(base::ByteWriter& request, training::Task task, uint32_t algorithm,
                 const std::function<void(base::ByteReader&)>& read) {
    Worker worker = {};
    pg::callPostgres([&] { worker = startWorker(request.bytes(), task, algorithm); });
    request = base::ByteWriter();
    std::span<const std::byte> message;
    pg::callPostgres([&] {
        message = waitFor(worker);
        if (!message.empty() && message[0] == std::byte{'E'} &&
            message.size() == sizeof(training::ErrorMessage)) {
            training::ErrorMessage error;
            memcpy(&error, message.data(), sizeof(error));
            raise(error);
        }
    });
    base::ByteReader reader(message);
    if (reader.u8() != 'R')
        base::throwInternal("the training process gave an unknown answer");
    read(reader);
    pg::callPostgres([&] { dsm_detach(worker.segment); });
}

model::TrainingResult trainInWorker(model::Dataset dataset, const TrainingOptions& options) {
    base::ByteWriter request;
    options.pack(request);
    dataset.pack(request);
    dataset = {};
    model::TrainingResult result;
    runInWorker(request, training::Task::Model, static_cast<uint32_t>(options.algorithm.algorithm),
                [&](base::ByteReader& reader) { result = model::TrainingResult::unpack(reader); });
    return result;
}

}  // namespace footfall::functions
