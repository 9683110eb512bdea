// Markov attribution: what would be lost if a channel were not there.
//
// Customers' journeys are a chain: from the start over channels to a conversion, or to nothing. The
// share of the transitions out of a state is the probability to go there. A channel's removal
// effect is the share of the conversions that are lost when whoever comes to it goes no further.
//
// The idea: P(conversion) = P(conversion without the channel) + P(ever at it) * P(conversion from
// it), and with N, the expected visits of each channel from each channel, which is the inverse of
// I - Q, all of these are sums over N. So one inversion serves all channels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace footfall::statistics {

class ChannelGraph {
  public:
    static constexpr uint32_t kStart = UINT32_MAX;
    static constexpr uint32_t kConversion = UINT32_MAX - 1;
    static constexpr uint32_t kNothing = UINT32_MAX - 2;
    static constexpr uint32_t kMaxChannels = 1000;  // the inversion is cubic

    // BadArgument when there are more than kMaxChannels.
    explicit ChannelGraph(size_t channels);

    // `count` customers went from a channel, or kStart, to a channel, kConversion or kNothing.
    // Going from a channel to itself changes nothing.
    void add(uint32_t from, uint32_t to, double count);

    // Of each channel, 0 to 1; all 0 when there is no conversion. Every channel that was entered
    // must have been left. `poll` is called now and then and may throw.
    std::vector<double> removalEffects(void (*poll)()) const;

  private:
    double& cell(size_t row, size_t column) { return counts_[row * (channels_ + 2) + column]; }
    double cell(size_t row, size_t column) const { return counts_[row * (channels_ + 2) + column]; }
    size_t rowOf(uint32_t from) const { return from == kStart ? channels_ : from; }
    std::vector<double> expectedVisits(void (*poll)()) const;

    size_t channels_;
    // Row: from a channel, or the start (last); column: to a channel, a conversion, or nothing.
    std::vector<double> counts_;
};

}  // namespace footfall::statistics
