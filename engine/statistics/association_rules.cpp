// See association_rules.h.
#include "engine/statistics/association_rules.h"

#include <algorithm>

#include "engine/base/error.h"

namespace footfall::statistics {

namespace {

constexpr uint32_t kEnd = UINT32_MAX;

}  // namespace

void AssociationRules::charge(size_t bytes) {
    charged_ += bytes;
    if (charged_ > limit_) {
        throw base::Error(base::ErrorKind::OutOfMemory,
                          "the baskets and what they have in common need more than %zu MB",
                          limit_ >> 20)
            .withHint(
                "Raise the support that a rule must have, take fewer baskets, or raise "
                "work_mem.");
    }
}

void AssociationRules::addBasket(std::span<const uint32_t> items) {
    const size_t begin = items_.size();
    items_.insert(items_.end(), items.begin(), items.end());
    std::sort(items_.begin() + static_cast<ptrdiff_t>(begin), items_.end());
    items_.erase(std::unique(items_.begin() + static_cast<ptrdiff_t>(begin), items_.end()),
                 items_.end());
    for (size_t i = begin; i < items_.size(); i++) {
        if (items_[i] >= counts_.size()) {
            charge((items_[i] + 1 - counts_.size()) * sizeof(uint64_t));
            counts_.resize(items_[i] + 1, 0);
        }
        counts_[items_[i]]++;
    }
    items_.push_back(kEnd);
    // A vector that grows holds its values one and a half times over, on average.
    charge((items_.size() - begin) * sizeof(uint32_t) * 2);
    baskets_++;
}

// Items that are too rare go; the others get numbers from 0 on, the rarest first.
void AssociationRules::renumber(uint64_t minBaskets) {
    for (uint32_t item = 0; item < counts_.size(); item++) {
        if (counts_[item] >= minBaskets)
            original_.push_back(item);
    }
    std::ranges::sort(original_, [&](uint32_t a, uint32_t b) {
        return counts_[a] != counts_[b] ? counts_[a] < counts_[b] : a < b;
    });
    std::vector<uint32_t> number(counts_.size(), kEnd);
    std::vector<uint64_t> counts(original_.size());
    for (uint32_t i = 0; i < original_.size(); i++) {
        number[original_[i]] = i;
        counts[i] = counts_[original_[i]];
    }
    counts_ = std::move(counts);
    size_t out = 0;
    size_t begin = 0;
    for (const uint32_t item : items_) {
        if (item != kEnd) {
            if (number[item] != kEnd)
                items_[out++] = number[item];
            continue;
        }
        std::sort(items_.begin() + static_cast<ptrdiff_t>(begin),
                  items_.begin() + static_cast<ptrdiff_t>(out));
        items_[out++] = kEnd;
        begin = out;
    }
    items_.resize(out);
}

uint64_t AssociationRules::basketsWith(const ItemSet& set) const {
    return set.size() == 1 ? counts_[set[0]] : larger_.at(set);
}

// The rules with all items of a set, each item being the consequent once.
void AssociationRules::report(const ItemSet& set, uint64_t baskets) {
    AssociationRule rule;
    rule.baskets = baskets;
    ItemSet antecedent(set.size() - 1);
    for (size_t consequent = 0; consequent < set.size(); consequent++) {
        for (size_t i = 0, out = 0; i < set.size(); i++) {
            if (i != consequent)
                antecedent[out++] = set[i];
        }
        rule.antecedentBaskets = basketsWith(antecedent);
        if (static_cast<double>(baskets) <
            bounds_.minConfidence * static_cast<double>(rule.antecedentBaskets))
            continue;
        rule.consequentBaskets = counts_[set[consequent]];
        rule.consequent = original_[set[consequent]];
        rule.antecedent.clear();
        for (const uint32_t item : antecedent)
            rule.antecedent.push_back(original_[item]);
        (*found_)(rule);
    }
}

// Counts the sets with one more item than `prefix`, the highest numbers first, and goes on with
// each.
void AssociationRules::extend(const ItemSet& prefix, const Places& places) {
    poll_();
    std::vector<uint32_t> touched;
    for (const size_t place : places) {
        for (size_t i = place; items_[i] != kEnd; i++) {
            if (following_[items_[i]]++ == 0)
                touched.push_back(items_[i]);
        }
    }
    std::ranges::sort(touched, std::greater<>());
    struct Extension {
        uint32_t item;
        size_t baskets;
        Places places;
    };
    std::vector<Extension> extensions;
    const bool goOn = prefix.size() + 1 < bounds_.maxItems;
    size_t held = 0;
    for (const uint32_t item : touched) {
        if (following_[item] >= bounds_.minBaskets) {
            extensions.push_back({item, following_[item], {}});
            held += goOn ? following_[item] * sizeof(size_t) : 0;
        }
        following_[item] = 0;
    }
    charge(held);
    if (goOn && !extensions.empty()) {
        for (size_t i = 0; i < extensions.size(); i++) {
            extensions[i].places.reserve(extensions[i].baskets);
            following_[extensions[i].item] = i + 1;
        }
        for (const size_t place : places) {
            for (size_t i = place; items_[i] != kEnd; i++) {
                if (following_[items_[i]] != 0)
                    extensions[following_[items_[i]] - 1].places.push_back(i + 1);
            }
        }
        for (const Extension& extension : extensions)
            following_[extension.item] = 0;
    }
    ItemSet set = prefix;
    set.push_back(0);
    for (const Extension& extension : extensions) {
        set.back() = extension.item;
        if (goOn) {
            // A node of the map, roughly.
            charge(set.size() * sizeof(uint32_t) + 96);
            larger_.emplace(set, extension.baskets);
        }
        report(set, extension.baskets);
        if (goOn)
            extend(set, extension.places);
    }
    charged_ -= held;
}

void AssociationRules::mine(const RuleBounds& bounds, void (*poll)(),
                            const std::function<void(const AssociationRule&)>& found) {
    bounds_ = bounds;
    bounds_.minBaskets = std::max<uint64_t>(bounds.minBaskets, 1);
    poll_ = poll;
    found_ = &found;
    renumber(bounds_.minBaskets);
    following_.assign(original_.size(), 0);
    // Where each item stands, item after item.
    charge(items_.size() * sizeof(size_t));
    std::vector<size_t> begins(original_.size() + 1, 0);
    for (size_t item = 0; item < original_.size(); item++)
        begins[item + 1] = begins[item] + counts_[item];
    std::vector<size_t> standing(begins.back());
    std::vector<size_t> next(begins.begin(), begins.end() - 1);
    for (size_t i = 0; i < items_.size(); i++) {
        if (items_[i] != kEnd)
            standing[next[items_[i]]++] = i + 1;
    }
    Places places;
    for (size_t item = original_.size(); item-- > 0;) {
        places.assign(standing.begin() + static_cast<ptrdiff_t>(begins[item]),
                      standing.begin() + static_cast<ptrdiff_t>(begins[item + 1]));
        extend({static_cast<uint32_t>(item)}, places);
    }
}

}  // namespace footfall::statistics
