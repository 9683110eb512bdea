// Customers with tastes, for the tests of recommenders.
#pragma once

#include <string>

#include "engine/model/monitor.h"
#include "engine/model/random.h"
#include "engine/recommendation/interactions.h"

namespace footfall::recommendation {

struct NoMonitor final : model::Monitor {
    void check() override {}
    void progress(size_t, size_t) override {}
};

inline std::string numbered(char kind, uint32_t number) {
    std::string digits = std::to_string(number);
    return kind + std::string(5 - digits.size(), '0') + digits;
}

// Customer c and product p have the tastes c % 3 and p % 3. A customer buys one in three of the
// products of their taste before the split, one in six after it, and hardly any others.
inline Interactions sampleInteractions(uint32_t customers, uint32_t products, uint64_t seed = 1) {
    model::Random random(seed);
    Interactions result;
    for (uint32_t p = 0; p < products; p++)
        result.productIds.add(numbered('p', p));
    for (uint32_t c = 0; c < customers; c++) {
        result.customerIds.add(numbered('c', c));
        for (uint32_t p = 0; p < products; p++) {
            const uint32_t chance = random.below(c % 3 == p % 3 ? 6 : 120);
            const auto weight = static_cast<float>(1 + random.below(3));
            if (chance < 2)
                result.entries.push_back({p, weight, 0, Interaction::kBoughtBefore});
            if (chance == 2)
                result.entries.push_back({p, 0, weight, Interaction::kBoughtLater});
        }
        result.starts.push_back(result.entries.size());
    }
    return result;
}

}  // namespace footfall::recommendation
