// See path.h.
#include "engine/behavior/path.h"

namespace footfall::behavior {

namespace {
constexpr uint8_t kStateVersion = 1;
}

void checkPathLength(int64_t length) {
    if (length < 1 || length > kMaxPathLength) {
        base::throwBadArgument("a path has 1 to %u events, not %lld", kMaxPathLength,
                               static_cast<long long>(length));
    }
}

void PathState::setLength(int64_t length) {
    if (length_ != 0 && length != length_)
        base::throwBadArgument("the length of the path varies within a group");
    checkPathLength(length);
    length_ = length;
}

void PathState::add(int64_t time, std::string_view event, size_t limit) {
    const auto length = static_cast<size_t>(length_);
    if (events_.events().size() >= 2 * length)
        prune();
    events_.append(time, 0, event, limit);
}

void PathState::prune() {
    events_.events().sort();
    events_.events().truncate(static_cast<size_t>(length_));
}

std::span<const TextEvent> PathState::path() {
    prune();
    return std::as_const(events_.events()).events();
}

void PathState::pack(base::ByteWriter& writer) {
    prune();
    writer.u8(kStateVersion);
    writer.varint(static_cast<uint64_t>(length_));
    events_.pack(writer);
}

void PathState::unpack(base::ByteReader& reader, size_t limit) {
    const uint8_t version = reader.u8();
    if (version != kStateVersion)
        base::throwCorrupt("a path's state has the unknown version %u", version);
    const uint64_t length = reader.varintUpTo(kMaxPathLength, "length of a path");
    if (length == 0)
        base::throwCorrupt("a path's state has length 0");
    setLength(static_cast<int64_t>(length));
    events_.unpack(reader, 0, limit);
    reader.expectEnd();
    prune();
}

}  // namespace footfall::behavior
