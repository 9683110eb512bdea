// See window_funnel.h.
#include "engine/behavior/window_funnel.h"

#include <optional>
#include <utility>

namespace footfall::behavior {

namespace {

constexpr uint8_t kStateVersion = 1;

uint8_t modeBits(const FunnelModes& modes) {
    return static_cast<uint8_t>((modes.strictOrder ? 1 : 0) | (modes.strictDeduplication ? 2 : 0) |
                                (modes.strictIncrease ? 4 : 0) | (modes.strictOnce ? 8 : 0) |
                                static_cast<uint8_t>(modes.exclusion) << 4);
}

FunnelModes modesOf(uint8_t bits) {
    if (bits >> 4 > static_cast<uint8_t>(Exclusion::Customer))
        base::throwCorrupt("unknown modes of a funnel's state: %u", bits);
    return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0,
            static_cast<Exclusion>(bits >> 4)};
}

size_t rowsMeeting(std::span<const StepEvent> moment, uint32_t step) {
    return static_cast<size_t>(std::ranges::count_if(
        moment, [step](const StepEvent& event) { return (event.steps >> step & 1) != 0; }));
}

}  // namespace

void checkFunnelShape(const FunnelShape& shape) {
    const bool excludes = shape.modes.exclusion != Exclusion::None;
    if (shape.conditions > kMaxSteps)
        base::throwBadArgument("a funnel has at most %u conditions, not %u", kMaxSteps,
                               shape.conditions);
    if (shape.conditions < (excludes ? 2U : 1U))
        base::throwBadArgument(excludes ? "a funnel with an exclusion needs a step and, last, the "
                                          "condition of the excluded event"
                                        : "a funnel needs at least one step");
}

bool FunnelMatcher::add(std::span<const StepEvent> moment) {
    uint32_t met = 0;
    for (const StepEvent& event : moment)
        met |= event.steps;
    // Rows that meet nothing sort last, but count before the moment's steps.
    if (shape_.modes.strictOrder && moment.back().steps == 0 && reached_ != 0)
        return false;
    touched_ = reached_;
    const uint32_t steps = met & stepMask(shape_.steps());
    const bool together = shape_.modes.strictIncrease || shape_.modes.strictOnce;
    const bool goesOn = together ? addAtOnce(moment, steps) : addInStepOrder(moment, steps);
    if (!goesOn || level_ == shape_.steps())
        return false;
    return steps == met || addExcluded(moment.front().time);
}

// Whether one more row that meets `step`, not the first, ends the scan.
bool FunnelMatcher::ends(uint32_t step) const noexcept {
    if (shape_.modes.strictDeduplication && (touched_ >> step & 1) != 0)
        return true;
    return shape_.modes.strictOrder && touched_ != 0 && (touched_ >> (step - 1) & 1) == 0;
}

// Every step builds on what the steps before it have just done.
bool FunnelMatcher::addInStepOrder(std::span<const StepEvent> moment, uint32_t met) {
    const int64_t time = moment.front().time;
    for (uint32_t rest = met; rest != 0; rest &= rest - 1) {
        const auto step = static_cast<uint32_t>(std::countr_zero(rest));
        if (step != 0) {
            if (ends(step))
                return false;
            if (!reached(step - 1) || elapsed(starts_[step - 1], time) > shape_.window)
                continue;
        }
        advance(step, step, time);
        touched_ = reached_;
        if (step != 0 && shape_.modes.strictDeduplication && rowsMeeting(moment, step) > 1)
            return false;
    }
    return true;
}

// The steps build on chains that were there before this moment; strictOnce lets several different
// rows of the moment carry a chain on.
bool FunnelMatcher::addAtOnce(std::span<const StepEvent> moment, uint32_t met) {
    const int64_t time = moment.front().time;
    const bool repeatsEnd = shape_.modes.strictDeduplication;
    std::optional<RowMatching> matching;
    if (moment.size() > 1 && !shape_.modes.strictIncrease)
        matching.emplace(moment, shape_.steps());
    std::array<uint32_t, kMaxSteps> firstServed;
    uint32_t found = 0;
    uint32_t from = 0;
    bool goesOn = true;
    for (uint32_t rest = met; rest != 0 && goesOn; rest &= rest - 1) {
        const auto step = static_cast<uint32_t>(std::countr_zero(rest));
        const size_t rows = repeatsEnd && step != 0
                                ? std::min<size_t>(rowsMeeting(moment, step), shape_.conditions + 1)
                                : 1;
        for (uint32_t row = 1; row <= rows && goesOn; row++) {
            if (step != 0 && ends(step)) {
                goesOn = false;
                break;
            }
            const uint32_t served = findServed(step, from, repeatsEnd ? row : kAllRows,
                                               matching ? &*matching : nullptr, time);
            if (served != kNoSource) {
                firstServed[step] = served;
                found |= uint32_t{1} << step;
                touched_ |= uint32_t{1} << step;
                from = repeatsEnd ? 0 : served;
            }
        }
    }
    // From the last step on, because a step's source is one before it.
    for (uint32_t step = shape_.steps(); step-- > 0;) {
        if ((found >> step & 1) != 0)
            advance(step, firstServed[step], time);
    }
    return goesOn;
}

// The first of the steps up to `step` that this moment's rows serve in the chain with the latest
// start; kNoSource when no chain comes to `step` in this moment. A chain that existed has come to
// the step before the first served one; the earlier that is, the later the chain's start. `from`
// is the first to try.
uint32_t FunnelMatcher::findServed(uint32_t step, uint32_t from, uint32_t rows,
                                   RowMatching* matching, int64_t time) const {
    uint32_t first = matching == nullptr ? step : from;
    while (first < step && !matching->canServe(first, step, rows))
        first++;
    if (first == 0)
        return 0;
    return reached(first - 1) && elapsed(starts_[first - 1], time) <= shape_.window ? first
                                                                                    : kNoSource;
}

// A chain comes to `step` at `time`; its steps from `firstServed` on happened at `time`.
void FunnelMatcher::advance(uint32_t step, uint32_t firstServed, int64_t time) {
    const int64_t start = firstServed == 0 ? time : starts_[firstServed - 1];
    if (reached(step) && starts_[step] >= start)
        return;
    starts_[step] = start;
    reached_ |= uint32_t{1} << step;
    if (withTimes_) {
        if (firstServed != 0 && firstServed - 1 != step)
            std::copy_n(times_[firstServed - 1].begin(), firstServed, times_[step].begin());
        std::fill(times_[step].begin() + firstServed, times_[step].begin() + step + 1, time);
    }
    if (step >= level_) {
        level_ = step + 1;
        if (withTimes_)
            bestTimes_ = times_[step];
    }
}

bool FunnelMatcher::addExcluded(int64_t time) {
    const bool underWay = reached(0) && elapsed(starts_[0], time) <= shape_.window;
    if (underWay && shape_.modes.exclusion == Exclusion::Customer) {
        customerExcluded_ = true;
        return false;
    }
    reached_ = 0;
    return true;
}

void FunnelState::setShape(const FunnelShape& shape) {
    if (shape == shape_)
        return;
    if (shape_.conditions == 0) {
        checkFunnelShape(shape);
        shape_ = shape;
        return;
    }
    base::throwBadArgument(shape.window != shape_.window ? "the window varies within a group"
                           : shape.modes == shape_.modes
                               ? "the number of steps varies within a group"
                               : "the modes vary within a group");
}

void FunnelState::pack(base::ByteWriter& writer) {
    writer.u8(kStateVersion);
    writer.u8(static_cast<uint8_t>(shape_.conditions));
    writer.u8(modeBits(shape_.modes));
    writer.u64(shape_.window);
    packStepEvents(writer, events_);
}

void FunnelState::unpack(base::ByteReader& reader, size_t limit) {
    const uint8_t version = reader.u8();
    if (version != kStateVersion)
        base::throwCorrupt("a funnel's state has the unknown version %u", version);
    FunnelShape shape;
    shape.conditions = reader.u8();
    shape.modes = modesOf(reader.u8());
    shape.window = reader.u64();
    // Damage would otherwise be reported as a bad argument.
    if (shape.conditions == 0 || shape.conditions > kMaxSteps)
        base::throwCorrupt("a funnel's state has %u conditions", shape.conditions);
    setShape(shape);
    unpackStepEvents(reader, events_, stepMask(shape.conditions), limit);
    reader.expectEnd();
}

void FunnelMatcher::addAll(std::span<const StepEvent> events) {
    for (size_t begin = 0, end = 0; begin < events.size(); begin = end) {
        while (end < events.size() && events[end].time == events[begin].time)
            end++;
        if (!add(events.subspan(begin, end - begin)))
            break;
    }
}

FunnelMatcher FunnelState::match(bool withTimes) {
    events_.sort();
    FunnelMatcher matcher(shape_, withTimes);
    matcher.addAll(std::as_const(events_).events());
    return matcher;
}

}  // namespace footfall::behavior
