// Item sets that are often bought together, and the rules among them.
//
// A rule "who buys A buys c" has as its antecedent A one or more items, as its consequent c one.
//
// The idea: for a set of items the places where the baskets that contain it go on are kept; one
// walk over what follows there counts every larger set with it. Items are numbered by how often
// they occur, the rare ones first, so that the walks are short; sets are visited from the last one
// to the first in the order of their numbers, so that all subsets of a set are counted before it.
// Memory is that of the baskets and of the sets found; more than `limit` bytes are OutOfMemory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

namespace footfall::statistics {

struct AssociationRule {
    std::vector<uint32_t> antecedent;
    uint32_t consequent;
    uint64_t baskets;            // with all items of the rule
    uint64_t antecedentBaskets;  // with those of the antecedent
    uint64_t consequentBaskets;  // with the consequent
};

struct RuleBounds {
    uint64_t minBaskets;   // of a rule, at least 1
    double minConfidence;  // baskets / antecedentBaskets
    uint32_t maxItems;     // of a rule, both sides together, at least 2
};

class AssociationRules {
  public:
    explicit AssociationRules(size_t limit) : limit_(limit) {}

    // The items of one basket; repeated ones count once.
    void addBasket(std::span<const uint32_t> items);
    uint64_t baskets() const noexcept { return baskets_; }

    // Calls `found` for each rule within the bounds, once, in no particular order. Takes the
    // baskets with it. `poll` is called now and then and may throw.
    void mine(const RuleBounds& bounds, void (*poll)(),
              const std::function<void(const AssociationRule&)>& found);

  private:
    using Places = std::vector<size_t>;  // in items_, behind the last item of a set
    using ItemSet = std::vector<uint32_t>;

    void renumber(uint64_t minBaskets);
    void extend(const ItemSet& prefix, const Places& places);
    void report(const ItemSet& set, uint64_t baskets);
    uint64_t basketsWith(const ItemSet& set) const;
    void charge(size_t bytes);

    size_t limit_;
    size_t charged_ = 0;
    uint64_t baskets_ = 0;
    std::vector<uint32_t> items_;   // basket after basket, each one ended by kEnd
    std::vector<uint64_t> counts_;  // baskets by item

    // While mining:
    std::vector<uint32_t> original_;      // by new number
    std::vector<size_t> following_;       // by item: scratch of extend
    std::map<ItemSet, uint64_t> larger_;  // baskets by set of two or more, unless only pairs count
    RuleBounds bounds_ = {};
    void (*poll_)() = nullptr;
    const std::function<void(const AssociationRule&)>* found_ = nullptr;
};

}  // namespace footfall::statistics
