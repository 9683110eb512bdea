// What sequence_match, sequence_count and sequence_next keep of a group.
#pragma once

#include <memory_resource>
#include <string>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/behavior/sequence_matcher.h"
#include "engine/behavior/sequence_pattern.h"
#include "engine/behavior/step_event.h"
#include "engine/behavior/text_event.h"

namespace footfall::behavior {

// Matches that do not overlap, `most` of them at most, in events in canonical order.
uint64_t countMatches(const SequencePattern& pattern, std::span<const StepEvent> events,
                      uint64_t most);
// The text of the row that follows the first match; nullptr when there is none.
const PooledText* textAfterMatch(const SequencePattern& pattern, std::span<const TextEvent> events);

// The parameters of a group, which all of its rows have in common.
class SequenceShape {
  public:
    explicit SequenceShape(std::pmr::memory_resource* resource)
        : text_(resource), pattern_(resource) {}

    bool is(std::string_view text, uint32_t conditions) const noexcept {
        return conditions == conditions_ && text == text_;
    }
    // Parses the first pattern; throws BadArgument for another one, or a bad one.
    void set(std::string_view text, uint32_t conditions);
    const SequencePattern& pattern() const noexcept { return pattern_; }
    uint32_t conditions() const noexcept { return conditions_; }

    void pack(base::ByteWriter& writer) const;
    void unpack(base::ByteReader& reader);

  private:
    std::pmr::string text_;
    uint32_t conditions_ = 0;  // 0: not set yet
    SequencePattern pattern_;
};

// For sequence_match and sequence_count. Rows that meet no condition are not kept.
class SequenceState {
  public:
    explicit SequenceState(std::pmr::memory_resource* resource)
        : shape_(resource), events_(resource) {}

    SequenceShape& shape() noexcept { return shape_; }
    StepEvents& events() noexcept { return events_; }
    size_t bytes() const noexcept { return events_.bytes(); }
    void release() noexcept { events_.release(); }
    // Matches that do not overlap, `most` of them at most.
    uint64_t count(uint64_t most);

    void pack(base::ByteWriter& writer);
    void unpack(base::ByteReader& reader, size_t limit);

  private:
    SequenceShape shape_;
    StepEvents events_;
};

// For sequence_next, which needs every row, and its text.
class SequenceNextState {
  public:
    explicit SequenceNextState(std::pmr::memory_resource* resource)
        : shape_(resource), events_(resource) {}

    SequenceShape& shape() noexcept { return shape_; }
    TextEvents& events() noexcept { return events_; }
    size_t bytes() const noexcept { return events_.bytes(); }
    void release() noexcept { events_.release(); }
    // The text of the row that follows the first match; nullptr when there is none.
    const PooledText* next();

    void pack(base::ByteWriter& writer);
    void unpack(base::ByteReader& reader, size_t limit);

  private:
    SequenceShape shape_;
    TextEvents events_;
};

}  // namespace footfall::behavior
