// See attribution.h.
#include "engine/behavior/attribution.h"

#include <algorithm>

#include "engine/behavior/step_event.h"

namespace footfall::behavior {

namespace {

constexpr uint8_t kStateVersion = 1;
// What an event is; at equal times touches come before conversions.
constexpr uint32_t kTouch = 1;
constexpr uint32_t kConversion = 2;

}  // namespace

void AttributionState::setShape(const AttributionShape& shape) {
    if (set_ && !(shape == shape_)) {
        base::throwBadArgument(
            shape.model != shape_.model         ? "the attribution model varies within a group"
            : shape.lookBack != shape_.lookBack ? "the look-back varies within a group"
                                                : "the half-life varies within a group");
    }
    if (shape.halfLife == 0)
        base::throwBadArgument("the half-life must be greater than zero");
    shape_ = shape;
    set_ = true;
}

void AttributionState::add(int64_t time, const std::string_view* channel, bool converted,
                           size_t limit) {
    if (channel != nullptr)
        events_.append(time, kTouch, *channel, limit);
    if (converted)
        events_.appendWithoutText(time, kConversion, limit);
}

std::vector<ChannelCredit> AttributionState::credits(size_t limit, void (*poll)()) {
    events_.events().sort();
    const auto none = static_cast<uint32_t>(events_.pool().size());
    std::vector<double> credits(none + size_t{1});
    const auto count = static_cast<size_t>(
        std::ranges::count(events_.events().events(), kTouch, &TextEvent::steps));
    const size_t held = events_.events().bytes();
    if (held > limit || count > (limit - held) / CreditShares::kTouchBytes) {
        throw base::Error(base::ErrorKind::OutOfMemory,
                          "the touches of one group need more than %zu MB", limit >> 20)
            .withHint("Count fewer rows per group with FILTER, or raise work_mem.");
    }
    CreditShares shares(shape_, count, credits, poll, events_.events().resource());
    for (const TextEvent& event : events_.events().events()) {
        if (event.steps == kTouch)
            shares.addTouch(event.time, event.text->number);
        else if (!shares.addConversion(event.time))
            credits[none] += 1;
    }
    shares.give();
    std::vector<ChannelCredit> result;
    for (uint32_t channel = 0; channel < none; channel++) {
        if (credits[channel] != 0)
            result.push_back({events_.pool().at(channel), credits[channel]});
    }
    std::ranges::sort(result, [](const ChannelCredit& a, const ChannelCredit& b) {
        return a.channel->view() < b.channel->view();
    });
    if (credits[none] != 0)
        result.push_back({nullptr, credits[none]});
    return result;
}

void AttributionState::pack(base::ByteWriter& writer) {
    writer.u8(kStateVersion);
    writer.u8(static_cast<uint8_t>(shape_.model));
    writer.u64(shape_.lookBack);
    writer.u64(shape_.halfLife);
    events_.pack(writer);
}

void AttributionState::unpack(base::ByteReader& reader, size_t limit) {
    const uint8_t version = reader.u8();
    if (version != kStateVersion)
        base::throwCorrupt("an attribution's state has the unknown version %u", version);
    AttributionShape shape;
    const uint8_t model = reader.u8();
    if (model > static_cast<uint8_t>(AttributionModel::TimeDecay))
        base::throwCorrupt("an attribution's state has the unknown model %u", model);
    shape.model = static_cast<AttributionModel>(model);
    shape.lookBack = reader.u64();
    shape.halfLife = reader.u64();
    if (shape.halfLife == 0)
        base::throwCorrupt("an attribution's state has no half-life");
    setShape(shape);
    const size_t before = events_.events().size();
    events_.unpack(reader, kTouch | kConversion, limit);
    reader.expectEnd();
    const std::span<const TextEvent> added =
        std::as_const(events_.events()).events().subspan(before);
    for (const TextEvent& event : added) {
        if (event.steps != (event.text != nullptr ? kTouch : kConversion))
            base::throwCorrupt("an event of an attribution is neither touch nor conversion");
    }
}

}  // namespace footfall::behavior
