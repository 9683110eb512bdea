#include "engine/aggregate/distinct_set.h"

#include <algorithm>

namespace footfall::aggregate {

bool DistinctSet::insertSlow(uint32_t group, uint64_t value) {
    if (group >= last_.size())
        last_.resize(std::max<size_t>(group + size_t{1}, last_.size() * 2), 0);
    last_[group] = value;
    if (wide_.empty()) {
        if (value < (uint64_t{1} << kValueBits) - 1 && group < 1U << (64 - kValueBits))
            return insertNarrow(uint64_t{group} << kValueBits | (value + 1));
        widen();
    }
    return insertWide(group, value);
}

bool DistinctSet::insertNarrow(uint64_t word) {
    const size_t mask = slots_.size() - 1;
    size_t at = base::hashInteger(word) & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        if (slots_[at] == word)
            return false;
    }
    slots_[at] = word;
    if (++size_ * 2 <= slots_.size())
        return true;
    std::pmr::vector<uint64_t> old(slots_.size() * 2, 0, slots_.get_allocator());
    std::swap(old, slots_);
    const size_t grown = slots_.size() - 1;
    for (const uint64_t each : old) {
        if (each == 0)
            continue;
        size_t to = base::hashInteger(each) & grown;
        while (slots_[to] != 0)
            to = (to + 1) & grown;
        slots_[to] = each;
    }
    return true;
}

void DistinctSet::widen() {
    wide_.assign(std::max(slots_.size(), kFirstSlots), Pair{});
    std::pmr::vector<uint64_t> old(slots_.get_allocator());
    std::swap(old, slots_);
    size_ = 0;
    for (const uint64_t each : old) {
        if (each != 0) {
            insertWide(static_cast<uint32_t>(each >> kValueBits),
                       (each & ((uint64_t{1} << kValueBits) - 1)) - 1);
        }
    }
}

bool DistinctSet::insertWide(uint32_t group, uint64_t value) {
    const auto hashOf = [](uint32_t g, uint64_t v) {
        return base::hashInteger(v + g * 0x9e3779b97f4a7c15ULL);
    };
    const size_t mask = wide_.size() - 1;
    size_t at = hashOf(group, value) & mask;
    for (; wide_[at].used; at = (at + 1) & mask) {
        if (wide_[at].value == value && wide_[at].group == group)
            return false;
    }
    wide_[at] = {value, group, true};
    if (++size_ * 2 <= wide_.size())
        return true;
    std::pmr::vector<Pair> old(wide_.size() * 2, Pair{}, wide_.get_allocator());
    std::swap(old, wide_);
    const size_t grown = wide_.size() - 1;
    for (const Pair& each : old) {
        if (!each.used)
            continue;
        size_t to = hashOf(each.group, each.value) & grown;
        while (wide_[to].used)
            to = (to + 1) & grown;
        wide_[to] = each;
    }
    return true;
}

void DistinctSet::sorted(std::pmr::vector<Pair>& out) const {
    out.clear();
    out.reserve(size_);
    for (const uint64_t each : slots_) {
        if (each != 0) {
            out.push_back({(each & ((uint64_t{1} << kValueBits) - 1)) - 1,
                           static_cast<uint32_t>(each >> kValueBits), true});
        }
    }
    for (const Pair& each : wide_) {
        if (each.used)
            out.push_back(each);
    }
    std::sort(out.begin(), out.end(), [](const Pair& a, const Pair& b) {
        return a.group != b.group ? a.group < b.group : a.value < b.value;
    });
}

}  // namespace footfall::aggregate
