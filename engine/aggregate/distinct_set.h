// Which values a DISTINCT aggregate has seen in which group.
//
// A pair is kept in one of three ways. Hashed: one word, as long as group and value are small.
// Bits: a bit in the page of its group and the value's upper bits, as soon as pages are filled well
// enough to be smaller than words; a million customers are 128 kB a group then, in whatever order
// they come. Wide: two words. A set begins Hashed, asks now and then whether Bits would be smaller,
// goes back once when they are not any more, and becomes Wide for good at the first pair that is
// not small.
//
// Rows often come sorted so that the value of the row before, in the same group, comes again, or
// one of the same page: each group remembers its last value, and its last page.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory_resource>
#include <vector>

#include "engine/base/hash.h"

namespace footfall::aggregate {

class DistinctSet {
  public:
    explicit DistinctSet(std::pmr::memory_resource* resource)
        : slots_(kFirstSlots, 0, resource),
          wide_(resource),
          last_(resource),
          pages_(resource),
          words_(resource),
          lastPage_(resource) {}

    // Whether the value is new to the group.
    bool insert(uint32_t group, uint64_t value) {
        if (group < lastPage_.size() && lastPage_[group].page == value / kPageValues)
            return setBit(lastPage_[group].at, value);
        if (group < last_.size() && last_[group] == value && value != 0)
            return false;
        return insertSlow(group, value);
    }

    // How much room the set has taken, which makes another one, still empty, begin with as much:
    // for values much like these, as far as clearing it costs less than growing would.
    size_t room() const noexcept { return std::max(slots_.size(), wide_.size()); }
    void expect(size_t room) { slots_.resize(std::clamp(room, kFirstSlots, kMostExpected), 0); }

    struct Pair {
        uint64_t value;
        uint32_t group;
        bool used;
    };
    // All pairs, group by group.
    void sorted(std::pmr::vector<Pair>& out) const;

    // Bits as they are: bit i of page `number` is value number * kPageValues + i.
    static constexpr uint32_t kPageBits = 10;
    static constexpr uint64_t kPageValues = uint64_t{1} << kPageBits;
    static constexpr size_t kPageWords = kPageValues / 64;
    static constexpr uint64_t kPages = (uint64_t{1} << (40 - kPageBits)) - 1;
    struct PageOfGroup {
        uint32_t group;
        uint64_t number;
        const uint64_t* words;
    };
    bool isBits() const noexcept { return !pages_.empty(); }
    // All pages of a set that is Bits, group by group, ascending.
    void sortedPages(std::pmr::vector<PageOfGroup>& out) const;
    // Inserts the page's values, of which `number` is below kPages; returns how many were new.
    uint64_t insertPage(uint32_t group, uint64_t number, const uint64_t* words);

  private:
    static constexpr size_t kFirstSlots = 256;
    static constexpr size_t kMostExpected = size_t{1} << 18;
    static constexpr uint32_t kValueBits = 40;
    // What a page costs, with its entry in a table that is half full, in bytes.
    static constexpr size_t kPageCost = kPageValues / 8 + 32;
    // What a hashed pair costs, about.
    static constexpr size_t kPairCost = 24;
    // Hashed sets of this many pairs, and each time they have grown fourfold, are asked.
    static constexpr size_t kFirstQuestion = 4096;
    static constexpr uint64_t kNoPage = UINT64_MAX;

    struct Page {
        uint64_t key;  // group << 30 | value's upper bits, and 1; 0: free
        size_t at;     // of its first word
    };
    struct LastPage {
        uint64_t page = kNoPage;
        size_t at = 0;
    };

    static bool isSmall(uint32_t group, uint64_t value) noexcept {
        return value < (uint64_t{1} << kValueBits) - kPageValues && group < 1U << (64 - kValueBits);
    }
    static uint64_t pageKey(uint32_t group, uint64_t value) noexcept {
        return (uint64_t{group} << (kValueBits - kPageBits) | value >> kPageBits) + 1;
    }
    bool setBit(size_t at, uint64_t value) {
        uint64_t& word = words_[at + value % kPageValues / 64];
        const uint64_t bit = uint64_t{1} << value % 64;
        const bool fresh = (word & bit) == 0;
        word |= bit;
        size_ += static_cast<size_t>(fresh);
        return fresh;
    }

    bool insertSlow(uint32_t group, uint64_t value);
    bool insertHashed(uint64_t word);
    void growSlots();
    bool insertBit(uint32_t group, uint64_t value);
    void leaveBitsIfSparse();
    size_t findPage(uint64_t key);
    void growPages();
    bool insertWide(uint32_t group, uint64_t value);

    bool bitsPay() const;
    void becomeBits();
    void becomeHashed();
    void becomeWide();
    // Calls body(group, value) for every pair of Hashed and Bits, in no order.
    template <class Body>
    void forSmall(Body&& body) const;

    size_t size_ = 0;
    size_t question_ = kFirstQuestion;  // the size at which Hashed asks for Bits; 0: never again
    // Hashed: group << 40 | value + 1; 0: free. Empty otherwise.
    std::pmr::vector<uint64_t> slots_;
    std::pmr::vector<Pair> wide_;      // empty unless Wide
    std::pmr::vector<uint64_t> last_;  // by group; 0 tells nothing
    // Bits.
    std::pmr::vector<Page> pages_;  // open addressing; empty unless Bits
    size_t pageCount_ = 0;
    std::pmr::vector<uint64_t> words_;
    std::pmr::vector<LastPage> lastPage_;  // by group; empty unless Bits
};

}  // namespace footfall::aggregate
