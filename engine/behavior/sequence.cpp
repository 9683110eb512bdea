// See sequence.h.
#include "engine/behavior/sequence.h"

namespace footfall::behavior {

namespace {
constexpr uint8_t kStateVersion = 1;
}

void SequenceShape::set(std::string_view text, uint32_t conditions) {
    if (is(text, conditions))
        return;
    if (conditions_ != 0) {
        base::throwBadArgument(conditions == conditions_
                                   ? "the pattern varies within a group"
                                   : "the number of conditions varies within a group");
    }
    pattern_.parse(text, conditions);
    text_.assign(text);
    conditions_ = conditions;
}

void SequenceShape::pack(base::ByteWriter& writer) const {
    writer.u8(kStateVersion);
    writer.u8(static_cast<uint8_t>(conditions_));
    writer.varint(text_.size());
    writer.append(std::string_view(text_));
}

void SequenceShape::unpack(base::ByteReader& reader) {
    const uint8_t version = reader.u8();
    if (version != kStateVersion)
        base::throwCorrupt("a sequence's state has the unknown version %u", version);
    const uint32_t conditions = reader.u8();
    if (conditions == 0 || conditions > kMaxSteps)
        base::throwCorrupt("a sequence's state has %u conditions", conditions);
    set(reader.text(reader.varintUpTo(reader.remaining(), "length of a pattern")), conditions);
}

uint64_t countMatches(const SequencePattern& pattern, std::span<const StepEvent> events,
                      uint64_t most) {
    SequenceMatcher matcher(pattern);
    uint64_t matches = 0;
    for (const StepEvent& event : events) {
        if (matcher.add(event.time, event.steps) && ++matches == most)
            break;
    }
    return matches;
}

const PooledText* textAfterMatch(const SequencePattern& pattern,
                                 std::span<const TextEvent> events) {
    SequenceMatcher matcher(pattern);
    bool matched = false;
    for (const TextEvent& event : events) {
        if (matched)
            return event.text;
        matched = event.steps != 0 && matcher.add(event.time, event.steps);
    }
    return nullptr;
}

uint64_t SequenceState::count(uint64_t most) {
    if (shape_.conditions() == 0)
        return 0;
    events_.sort();
    return countMatches(shape_.pattern(), events_.events(), most);
}

void SequenceState::pack(base::ByteWriter& writer) {
    shape_.pack(writer);
    packStepEvents(writer, events_);
}

void SequenceState::unpack(base::ByteReader& reader, size_t limit) {
    shape_.unpack(reader);
    unpackStepEvents(reader, events_, stepMask(shape_.conditions()), limit);
    reader.expectEnd();
}

const PooledText* SequenceNextState::next() {
    if (shape_.conditions() == 0)
        return nullptr;
    events_.events().sort();
    return textAfterMatch(shape_.pattern(), events_.events().events());
}

void SequenceNextState::pack(base::ByteWriter& writer) {
    shape_.pack(writer);
    events_.pack(writer);
}

void SequenceNextState::unpack(base::ByteReader& reader, size_t limit) {
    shape_.unpack(reader);
    events_.unpack(reader, stepMask(shape_.conditions()), limit);
    reader.expectEnd();
}

}  // namespace footfall::behavior
