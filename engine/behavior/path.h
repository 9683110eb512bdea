// The first events of a customer, in time order (path_agg).
//
// Of events that come in any order only the first `most` matter: when twice as many are held, they
// are sorted and the rest is dropped. So memory depends on the length of the path, not on the rows.
#pragma once

#include <cstdint>
#include <memory_resource>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/behavior/text_event.h"

namespace footfall::behavior {

constexpr uint32_t kMaxPathLength = 100000;

// Throws BadArgument for a length outside of 1 to kMaxPathLength.
void checkPathLength(int64_t length);

class PathState {
  public:
    explicit PathState(std::pmr::memory_resource* resource) : events_(resource) {}

    // The first length is kept; another one in the same group throws BadArgument, as does a
    // bad one.
    void setLength(int64_t length);
    bool hasLength(int64_t length) const noexcept { return length_ == length; }
    void add(int64_t time, std::string_view event, size_t limit);
    std::span<const TextEvent> path();
    size_t bytes() const noexcept { return events_.bytes(); }
    void release() noexcept { events_.release(); }

    void pack(base::ByteWriter& writer);
    void unpack(base::ByteReader& reader, size_t limit);

  private:
    void prune();

    int64_t length_ = 0;  // 0: not set yet
    TextEvents events_;
};

}  // namespace footfall::behavior
