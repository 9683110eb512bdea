// Draws an index with given weights in constant time (Walker's alias method, in Vose's form:
// "A linear algorithm for generating random numbers with a given distribution", 1991).
#pragma once

#include <cstdint>
#include <vector>

#include "bench/simulator/random.h"

namespace footfall::simulator {

class AliasTable {
  public:
    // Weights are >= 0 and at least one is > 0.
    explicit AliasTable(const std::vector<double>& weights)
        : keep_(weights.size(), 1.0), other_(weights.size()) {
        const uint32_t count = static_cast<uint32_t>(weights.size());
        double total = 0;
        for (double weight : weights) {
            total += weight;
        }
        std::vector<double> share(count);
        std::vector<uint32_t> small;
        std::vector<uint32_t> large;
        for (uint32_t i = 0; i < count; ++i) {
            other_[i] = i;
            share[i] = weights[i] * count / total;
            (share[i] < 1 ? small : large).push_back(i);
        }
        while (!small.empty() && !large.empty()) {
            const uint32_t poor = small.back();
            const uint32_t rich = large.back();
            small.pop_back();
            keep_[poor] = share[poor];
            other_[poor] = rich;
            share[rich] -= 1 - share[poor];
            if (share[rich] < 1) {
                large.pop_back();
                small.push_back(rich);
            }
        }
    }

    uint32_t draw(Random& random) const {
        const uint32_t slot = random.below(static_cast<uint32_t>(keep_.size()));
        return random.uniform() < keep_[slot] ? slot : other_[slot];
    }

  private:
    std::vector<double> keep_;
    std::vector<uint32_t> other_;
};

}  // namespace footfall::simulator
