// Which channels brought a conversion about: the touches in a time before it share its credit.
//
// Models, for the n touches of a conversion in time order:
//   First, Last   all to the first, the last
//   Linear        1/n each
//   Position      0.4 to the first and the last each, 0.2 to those between; n = 2: halves
//   TimeDecay     in proportion to 2 ^ -(time before the conversion / half-life)
// A conversion without a touch gives its credit to no channel, so that the credits of all channels
// add up to the number of conversions. A touch may serve several conversions.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/behavior/credit_shares.h"
#include "engine/behavior/text_event.h"

namespace footfall::behavior {

struct ChannelCredit {
    const PooledText* channel;  // nullptr: none
    double credit;
};

class AttributionState {
  public:
    explicit AttributionState(std::pmr::memory_resource* resource) : events_(resource) {}

    // The first shape is kept; another one in the same group throws BadArgument.
    void setShape(const AttributionShape& shape);
    bool hasShape(const AttributionShape& shape) const noexcept { return set_ && shape == shape_; }
    // A touch has a channel; a row may be touch and conversion, or neither.
    void add(int64_t time, const std::string_view* channel, bool converted, size_t limit);
    // Channels with credit, in the order of their bytes, no channel last. `poll` is called now and
    // then and may throw. The touches are listed beside the events, and both take at most `limit`
    // bytes; the shares of credit (32 bytes for a conversion at most) come on top.
    std::vector<ChannelCredit> credits(size_t limit, void (*poll)());

    size_t bytes() const noexcept { return events_.bytes(); }
    void release() noexcept { events_.release(); }
    void pack(base::ByteWriter& writer);
    void unpack(base::ByteReader& reader, size_t limit);

  private:
    AttributionShape shape_;
    bool set_ = false;
    TextEvents events_;
};

}  // namespace footfall::behavior
