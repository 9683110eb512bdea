// What the process that wants a model and the one that trains it share: one segment of dynamic
// shared memory.
//
// Layout: Channel, then the queue for the one message that comes back, then the request: the names
// and values of the options, then what is learnt from (a dataset, or interactions), both packed.
// The caller writes all of it before the worker starts; afterwards only the queue and the progress
// change. The worker is told to stop when the caller lets go of the segment, however that happens.
//
// The message is one byte, 'R' and what the task gives, or 'E' and an Error. A model gives a packed
// TrainingResult; a recommender its interactions and test customers (u64), its metrics (how many,
// then of each a name and a value), how many bytes it has (u64), and those as they are stored
// unless there are more than kMostContent.
#pragma once

#include <atomic>

#include "extension/pg/background.h"

namespace footfall::training {

constexpr uint32_t kChannelMagic = 0x46465452;
constexpr Size kQueueBytes = 65536;
constexpr char kWorkerLibrary[] = "footfall_train";
constexpr char kWorkerFunction[] = "footfall_training_main";

// The most bytes of a model that are stored.
constexpr Size kMostContent = MaxAllocSize / 4;

enum class Task : uint32_t { Model = 1, Recommender = 2 };

struct Channel {
    uint32_t magic;
    uint32_t threads;
    Task task;
    uint32_t algorithm;  // of the task's own
    uint64_t requestBytes;
    uint64_t memoryKilobytes;  // that the trainer may use; 0: no limit
    // Trees or rounds.
    std::atomic<uint64_t> done;
    std::atomic<uint64_t> total;

    char* queue() { return reinterpret_cast<char*>(this) + MAXALIGN(sizeof(Channel)); }
    std::byte* request() { return reinterpret_cast<std::byte*>(queue() + kQueueBytes); }
    static Size bytesFor(Size request) { return MAXALIGN(sizeof(Channel)) + kQueueBytes + request; }
};
static_assert(std::atomic<uint64_t>::is_always_lock_free);

struct ErrorMessage {
    char tag;
    int sqlstate;
    char message[256];
    char detail[256];
    char hint[256];
};

}  // namespace footfall::training
