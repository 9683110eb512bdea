// Rules among baskets against counting every set of items.
#include "engine/statistics/association_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include "engine/base/error.h"

namespace footfall::statistics {
namespace {

using Set = std::set<uint32_t>;
using Row = std::tuple<Set, uint32_t, uint64_t, uint64_t, uint64_t>;

void noPoll() {}

std::vector<Row> mined(const std::vector<std::vector<uint32_t>>& baskets,
                       const RuleBounds& bounds) {
    AssociationRules rules(SIZE_MAX);
    for (const auto& basket : baskets)
        rules.addBasket(basket);
    EXPECT_EQ(rules.baskets(), baskets.size());
    std::vector<Row> rows;
    rules.mine(bounds, &noPoll, [&](const AssociationRule& rule) {
        const Set antecedent(rule.antecedent.begin(), rule.antecedent.end());
        EXPECT_EQ(antecedent.size(), rule.antecedent.size());
        rows.emplace_back(antecedent, rule.consequent, rule.baskets, rule.antecedentBaskets,
                          rule.consequentBaskets);
    });
    std::ranges::sort(rows);
    return rows;
}

std::vector<Row> counted(const std::vector<std::vector<uint32_t>>& baskets, uint32_t items,
                         const RuleBounds& bounds) {
    const auto with = [&](uint32_t mask) {
        uint64_t count = 0;
        for (const auto& basket : baskets) {
            uint32_t has = 0;
            for (const uint32_t item : basket)
                has |= 1U << item;
            count += (has & mask) == mask;
        }
        return count;
    };
    std::vector<Row> rows;
    for (uint32_t mask = 1; mask < 1U << items; mask++) {
        const auto size = static_cast<uint32_t>(__builtin_popcount(mask));
        const uint64_t support = size < 2 || size > bounds.maxItems ? 0 : with(mask);
        if (support == 0 || support < bounds.minBaskets)
            continue;
        for (uint32_t item = 0; item < items; item++) {
            if ((mask >> item & 1) == 0)
                continue;
            Set antecedent;
            for (uint32_t other = 0; other < items; other++) {
                if (other != item && (mask >> other & 1) != 0)
                    antecedent.insert(other);
            }
            const uint64_t base = with(mask & ~(1U << item));
            if (static_cast<double>(support) >= bounds.minConfidence * static_cast<double>(base))
                rows.emplace_back(antecedent, item, support, base, with(1U << item));
        }
    }
    std::ranges::sort(rows);
    return rows;
}

TEST(AssociationRules, EqualsCounting) {
    std::mt19937_64 rng(11);
    size_t found = 0;
    for (int round = 0; round < 60; round++) {
        const auto items = static_cast<uint32_t>(2 + rng() % 8);
        std::vector<std::vector<uint32_t>> baskets(rng() % 60);
        for (auto& basket : baskets) {
            const size_t size = rng() % 7;
            for (size_t i = 0; i < size; i++)
                basket.push_back(static_cast<uint32_t>(std::min(rng() % items, rng() % items)));
        }
        const RuleBounds bounds = {rng() % 6, static_cast<double>(rng() % 3) * 0.3,
                                   static_cast<uint32_t>(2 + rng() % 4)};
        const std::vector<Row> expected = counted(baskets, items, bounds);
        EXPECT_EQ(mined(baskets, bounds), expected);
        found += expected.size();
    }
    EXPECT_GT(found, 1000U);
}

TEST(AssociationRules, KeepsToItsMemory) {
    AssociationRules small(1000);
    const auto fill = [&] {
        for (uint32_t i = 0; i < 1000; i++)
            small.addBasket(std::vector<uint32_t>{i, i + 1});
    };
    EXPECT_THROW(fill(), base::Error);
    // The baskets fit, what they have in common does not.
    AssociationRules many(20000);
    std::vector<uint32_t> basket;
    for (uint32_t i = 0; i < 30; i++)
        basket.push_back(i);
    many.addBasket(basket);
    EXPECT_THROW(many.mine({1, 0, 10}, &noPoll, [](const AssociationRule&) {}), base::Error);
}

}  // namespace
}  // namespace footfall::statistics
