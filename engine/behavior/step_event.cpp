// The packed form of step events; see step_event.h.
#include "engine/behavior/step_event.h"

namespace footfall::behavior {

void packStepEvents(base::ByteWriter& writer, StepEvents& events) {
    events.sort();
    writer.varint(events.size());
    int64_t previous = 0;
    for (const StepEvent& event : events.events()) {
        writer.zigzag(static_cast<int64_t>(elapsed(previous, event.time)));
        writer.varint(event.steps);
        previous = event.time;
    }
}

void unpackStepEvents(base::ByteReader& reader, StepEvents& events, uint32_t allowed,
                      size_t limit) {
    const uint64_t count = reader.varintUpTo(reader.remaining() / 2, "number of events");
    events.reserve(events.size() + count, limit);
    int64_t time = 0;
    for (uint64_t i = 0; i < count; i++) {
        time = static_cast<int64_t>(static_cast<uint64_t>(time) +
                                    static_cast<uint64_t>(reader.zigzag()));
        const auto steps = static_cast<uint32_t>(reader.varintUpTo(UINT32_MAX, "conditions met"));
        if ((steps & ~allowed) != 0)
            base::throwCorrupt("an event meets a condition that does not exist");
        events.append({time, steps});
    }
}

}  // namespace footfall::behavior
