#include "engine/aggregate/distinct_set.h"

#include <algorithm>
#include <bit>

namespace footfall::aggregate {

template <class Body>
void DistinctSet::forSmall(Body&& body) const {
    constexpr uint64_t kValues = (uint64_t{1} << kValueBits) - 1;
    for (const uint64_t each : slots_) {
        if (each != 0)
            body(static_cast<uint32_t>(each >> kValueBits), (each & kValues) - 1);
    }
    for (const Page& page : pages_) {
        if (page.key == 0)
            continue;
        const auto group = static_cast<uint32_t>((page.key - 1) >> (kValueBits - kPageBits));
        const uint64_t first = ((page.key - 1) << kPageBits) & kValues;
        for (size_t i = 0; i < kPageWords; ++i) {
            for (uint64_t word = words_[page.at + i]; word != 0; word &= word - 1)
                body(group, first + i * 64 + static_cast<uint64_t>(std::countr_zero(word)));
        }
    }
}

bool DistinctSet::insertSlow(uint32_t group, uint64_t value) {
    if (wide_.empty() && !isSmall(group, value))
        becomeWide();
    if (!pages_.empty())
        return insertBit(group, value);
    if (group >= last_.size())
        last_.resize(std::max<size_t>(group + size_t{1}, last_.size() * 2), 0);
    last_[group] = value;
    if (!wide_.empty())
        return insertWide(group, value);
    return insertHashed(uint64_t{group} << kValueBits | (value + 1));
}

// ---------------------------------------------------------------- hashed

bool DistinctSet::insertHashed(uint64_t word) {
    const size_t mask = slots_.size() - 1;
    size_t at = base::hashInteger(word) & mask;
    for (; slots_[at] != 0; at = (at + 1) & mask) {
        if (slots_[at] == word)
            return false;
    }
    slots_[at] = word;
    ++size_;
    if (size_ == question_) {
        question_ *= 4;
        if (bitsPay()) {
            becomeBits();
            return true;
        }
    }
    if (size_ * 2 > slots_.size())
        growSlots();
    return true;
}

void DistinctSet::growSlots() {
    std::pmr::vector<uint64_t> old(slots_.size() * 2, 0, slots_.get_allocator());
    std::swap(old, slots_);
    const size_t mask = slots_.size() - 1;
    for (const uint64_t each : old) {
        if (each == 0)
            continue;
        size_t to = base::hashInteger(each) & mask;
        while (slots_[to] != 0)
            to = (to + 1) & mask;
        slots_[to] = each;
    }
}

// ---------------------------------------------------------------- bits

// Whether pages would take at most half of what words take: changing has its price.
bool DistinctSet::bitsPay() const {
    const size_t most = size_ * kPairCost / kPageCost / 2;
    std::pmr::vector<uint64_t> seen(std::bit_ceil(most * 2 + 2), 0, slots_.get_allocator());
    const size_t mask = seen.size() - 1;
    size_t pages = 0;
    for (const uint64_t each : slots_) {
        if (each == 0)
            continue;
        const uint64_t key = pageKey(static_cast<uint32_t>(each >> kValueBits),
                                     (each & ((uint64_t{1} << kValueBits) - 1)) - 1);
        size_t at = base::hashInteger(key) & mask;
        while (seen[at] != 0 && seen[at] != key)
            at = (at + 1) & mask;
        if (seen[at] == key)
            continue;
        seen[at] = key;
        if (++pages > most)
            return false;
    }
    return true;
}

void DistinctSet::becomeBits() {
    std::pmr::vector<uint64_t> old(slots_.get_allocator());
    std::swap(old, slots_);
    last_.clear();
    last_.shrink_to_fit();
    pages_.assign(kFirstSlots, Page{0, 0});
    size_ = 0;
    for (const uint64_t each : old) {
        if (each != 0) {
            const uint64_t value = (each & ((uint64_t{1} << kValueBits) - 1)) - 1;
            setBit(findPage(pageKey(static_cast<uint32_t>(each >> kValueBits), value)), value);
        }
    }
}

size_t DistinctSet::findPage(uint64_t key) {
    const size_t mask = pages_.size() - 1;
    size_t at = base::hashInteger(key) & mask;
    for (; pages_[at].key != 0; at = (at + 1) & mask) {
        if (pages_[at].key == key)
            return pages_[at].at;
    }
    const size_t words = words_.size();
    words_.resize(words + kPageWords, 0);
    pages_[at] = {key, words};
    if (++pageCount_ * 2 > pages_.size())
        growPages();
    return words;
}

void DistinctSet::growPages() {
    std::pmr::vector<Page> old(pages_.size() * 2, Page{0, 0}, pages_.get_allocator());
    std::swap(old, pages_);
    const size_t mask = pages_.size() - 1;
    for (const Page& each : old) {
        if (each.key == 0)
            continue;
        size_t to = base::hashInteger(each.key) & mask;
        while (pages_[to].key != 0)
            to = (to + 1) & mask;
        pages_[to] = each;
    }
}

bool DistinctSet::insertBit(uint32_t group, uint64_t value) {
    const size_t at = findPage(pageKey(group, value));
    if (group >= lastPage_.size())
        lastPage_.resize(std::max<size_t>(group + size_t{1}, lastPage_.size() * 2));
    lastPage_[group] = {value / kPageValues, at};
    const bool fresh = setBit(at, value);
    leaveBitsIfSparse();
    return fresh;
}

// Values that came later may lie too far apart.
void DistinctSet::leaveBitsIfSparse() {
    if (pageCount_ * kPageCost > size_ * kPairCost + kFirstQuestion * kPairCost)
        becomeHashed();
}

uint64_t DistinctSet::insertPage(uint32_t group, uint64_t number, const uint64_t* words) {
    const uint64_t first = number << kPageBits;
    if (size_ == 0 && wide_.empty() && question_ != 0 && !isBits())
        becomeBits();
    uint64_t fresh = 0;
    if (!isBits() || !isSmall(group, first)) {
        for (size_t i = 0; i < kPageWords; ++i) {
            for (uint64_t word = words[i]; word != 0; word &= word - 1) {
                const auto bit = static_cast<uint64_t>(std::countr_zero(word));
                fresh += static_cast<uint64_t>(insert(group, first + i * 64 + bit));
            }
        }
        return fresh;
    }
    const size_t at = findPage(pageKey(group, first));
    uint64_t* const own = words_.data() + at;
    for (size_t i = 0; i < kPageWords; ++i) {
        fresh += static_cast<uint64_t>(std::popcount(words[i] & ~own[i]));
        own[i] |= words[i];
    }
    size_ += fresh;
    leaveBitsIfSparse();
    return fresh;
}

void DistinctSet::sortedPages(std::pmr::vector<PageOfGroup>& out) const {
    constexpr uint32_t kNumberBits = kValueBits - kPageBits;
    out.clear();
    out.reserve(pageCount_);
    for (const Page& page : pages_) {
        if (page.key != 0) {
            out.push_back({static_cast<uint32_t>((page.key - 1) >> kNumberBits),
                           (page.key - 1) & ((uint64_t{1} << kNumberBits) - 1),
                           words_.data() + page.at});
        }
    }
    std::sort(out.begin(), out.end(), [](const PageOfGroup& a, const PageOfGroup& b) {
        return a.group != b.group ? a.group < b.group : a.number < b.number;
    });
}

void DistinctSet::becomeHashed() {
    std::pmr::vector<uint64_t> slots(std::bit_ceil(size_ * 2 + 2), 0, slots_.get_allocator());
    const size_t mask = slots.size() - 1;
    forSmall([&](uint32_t group, uint64_t value) {
        const uint64_t word = uint64_t{group} << kValueBits | (value + 1);
        size_t to = base::hashInteger(word) & mask;
        while (slots[to] != 0)
            to = (to + 1) & mask;
        slots[to] = word;
    });
    slots_ = std::move(slots);
    question_ = 0;
    pageCount_ = 0;
    pages_.clear();
    pages_.shrink_to_fit();
    words_.clear();
    words_.shrink_to_fit();
    lastPage_.clear();
    lastPage_.shrink_to_fit();
}

// ---------------------------------------------------------------- wide

void DistinctSet::becomeWide() {
    if (!pages_.empty())
        becomeHashed();
    std::pmr::vector<uint64_t> old(slots_.get_allocator());
    std::swap(old, slots_);
    wide_.assign(std::max(old.size(), kFirstSlots), Pair{});
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
    forSmall([&](uint32_t group, uint64_t value) { out.push_back({value, group, true}); });
    for (const Pair& each : wide_) {
        if (each.used)
            out.push_back(each);
    }
    std::sort(out.begin(), out.end(), [](const Pair& a, const Pair& b) {
        return a.group != b.group ? a.group < b.group : a.value < b.value;
    });
}

}  // namespace footfall::aggregate
