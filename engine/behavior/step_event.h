// A row as funnels and sequences see it: when it happened, and which conditions it meets.
//
// Bit i of `steps` says that condition i + 1 is met. Rows of equal time are ordered by the first
// condition they meet, then by the others; rows that meet none come last.
#pragma once

#include <bit>
#include <cstdint>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/behavior/event_buffer.h"

namespace footfall::behavior {

constexpr uint32_t kMaxSteps = 32;

struct StepEvent {
    int64_t time;  // microseconds
    uint32_t steps;

    friend bool operator<(const StepEvent& a, const StepEvent& b) noexcept {
        if (a.time != b.time)
            return a.time < b.time;
        const int first = std::countr_zero(a.steps);
        const int second = std::countr_zero(b.steps);
        return first != second ? first < second : a.steps < b.steps;
    }
    friend bool operator==(const StepEvent&, const StepEvent&) = default;
};

using StepEvents = EventBuffer<StepEvent>;

// The conditions that exist when there are `steps` of them.
inline uint32_t stepMask(uint32_t steps) noexcept {
    return steps >= kMaxSteps ? ~uint32_t{0} : (uint32_t{1} << steps) - 1;
}

// `later` - `earlier`, where later is not before earlier; no two times are too far apart.
inline uint64_t elapsed(int64_t earlier, int64_t later) noexcept {
    return static_cast<uint64_t>(later) - static_cast<uint64_t>(earlier);
}

// Sorts and writes them: the count, then time differences and steps as varints.
void packStepEvents(base::ByteWriter& writer, StepEvents& events);
// Appends what packStepEvents wrote; steps outside of `allowed` are damage.
void unpackStepEvents(base::ByteReader& reader, StepEvents& events, uint32_t allowed, size_t limit);

}  // namespace footfall::behavior
