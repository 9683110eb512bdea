// Removal effects against walking the chain with the channel taken out.
#include "engine/statistics/channel_graph.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/base/error.h"

namespace footfall::statistics {
namespace {

void noPoll() {}

struct Chain {
    size_t channels;
    std::vector<std::vector<double>> counts;  // [from, start last][to, conversion, nothing]

    explicit Chain(size_t n) : channels(n), counts(n + 1, std::vector<double>(n + 2, 0)) {}

    // P(conversion), with `removed` leading nowhere, by following the chain for long.
    double conversion(size_t removed) const {
        std::vector<double> at(channels, 0);
        double converted = 0;
        const auto leave = [&](size_t from, double mass, std::vector<double>& next) {
            double all = 0;
            for (const double count : counts[from])
                all += count;
            for (size_t to = 0; to < channels; to++) {
                if (to != removed)
                    next[to] += mass * counts[from][to] / all;
            }
            converted += mass * counts[from][channels] / all;
        };
        leave(channels, 1, at);
        for (int i = 0; i < 5000; i++) {
            std::vector<double> next(channels, 0);
            for (size_t from = 0; from < channels; from++) {
                if (at[from] > 0)
                    leave(from, at[from], next);
            }
            at = next;
        }
        return converted;
    }
};

TEST(ChannelGraph, TwoChannels) {
    // start -> search -> conversion (2), start -> search -> ads -> conversion (1),
    // start -> ads -> nothing (1)
    ChannelGraph graph(2);
    graph.add(ChannelGraph::kStart, 0, 3);
    graph.add(0, ChannelGraph::kConversion, 2);
    graph.add(0, 1, 1);
    graph.add(1, ChannelGraph::kConversion, 1);
    graph.add(ChannelGraph::kStart, 1, 1);
    graph.add(1, ChannelGraph::kNothing, 1);
    // P = 3/4 (2/3 + 1/3 * 1/2) + 1/4 * 1/2 = 3/4; without search 1/8, without ads 1/2.
    const std::vector<double> effects = graph.removalEffects(&noPoll);
    EXPECT_NEAR(effects[0], 1 - (1.0 / 8) / (3.0 / 4), 1e-14);
    EXPECT_NEAR(effects[1], 1 - (1.0 / 2) / (3.0 / 4), 1e-14);
}

TEST(ChannelGraph, RandomChains) {
    std::mt19937_64 rng(5);
    for (int round = 0; round < 50; round++) {
        const size_t n = 1 + rng() % 6;
        Chain chain(n);
        ChannelGraph graph(n);
        for (size_t from = 0; from <= n; from++) {
            for (size_t to = 0; to < n + 2; to++) {
                // Every channel can be left for good; nobody converts at the start.
                double count = static_cast<double>(rng() % 4);
                if (to == n + 1)
                    count = from == n ? 0 : count + 1;
                if (to == n && from == n)
                    count = 0;
                if (from == n && to == 0)
                    count += 1;
                chain.counts[from][to] = from == to ? 0 : count;
                graph.add(from == n ? ChannelGraph::kStart : static_cast<uint32_t>(from),
                          to == n
                              ? ChannelGraph::kConversion
                              : (to == n + 1 ? ChannelGraph::kNothing : static_cast<uint32_t>(to)),
                          count);
            }
        }
        const double whole = chain.conversion(SIZE_MAX);
        const std::vector<double> effects = graph.removalEffects(&noPoll);
        for (size_t channel = 0; channel < n; channel++) {
            const double expected = whole > 0 ? 1 - chain.conversion(channel) / whole : 0;
            EXPECT_NEAR(effects[channel], expected, 1e-9) << n << " channels, " << channel;
        }
    }
}

TEST(ChannelGraph, NoConversionNoEffect) {
    ChannelGraph graph(1);
    graph.add(ChannelGraph::kStart, 0, 5);
    graph.add(0, ChannelGraph::kNothing, 5);
    EXPECT_EQ(graph.removalEffects(&noPoll), std::vector<double>{0});
    EXPECT_TRUE(ChannelGraph(0).removalEffects(&noPoll).empty());
    EXPECT_THROW(ChannelGraph(ChannelGraph::kMaxChannels + 1), base::Error);
}

}  // namespace
}  // namespace footfall::statistics
