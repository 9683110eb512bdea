// In which periods, numbered from 0, each of many groups was seen.
//
// A row of bits a group, as long as the latest period of any of them asks for. Of many customers
// few are unlike in a few periods: PatternCodes numbers such rows of bits.
#pragma once

#include <bit>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

namespace footfall::behavior {

inline constexpr int32_t kMostPeriod = 100000;

// Throws BadArgument for a period outside of 0 to kMostPeriod.
void checkPeriod(int32_t period);

class ActivePeriods {
  public:
    ActivePeriods(size_t limit, std::pmr::memory_resource* resource)
        : limit_(limit), words_(resource), bytes_(resource) {}

    void add(uint32_t group, int32_t period) {
        const size_t at = size_t{group} * stride_ + static_cast<uint32_t>(period) / 64;
        if (static_cast<uint32_t>(period) >= stride_ * 64 || at >= words_.size())
            return addFirst(group, period);
        words_[at] |= uint64_t{1} << (static_cast<uint32_t>(period) % 64);
    }
    // How many bits the group has: its latest period and one. 0 without any.
    uint32_t bits(uint32_t group) const noexcept;
    // They themselves, the first bit the highest of the first byte; valid until the next call.
    std::string_view bytes(uint32_t group);
    // The group's bits, the first of them the lowest, where no group has more than 64.
    bool fitsWords() const noexcept { return stride_ == 1; }
    uint64_t word(uint32_t group) const noexcept {
        return group < words_.size() ? words_[group] : 0;
    }
    // Both of one such row.
    static uint32_t bitsOf(uint64_t word) noexcept {
        return static_cast<uint32_t>(std::bit_width(word));
    }
    std::string_view bytesOf(uint64_t word);
    void clear() noexcept { words_.clear(); }

  private:
    // Where the words do not reach yet, or the period is refused.
    void addFirst(uint32_t group, int32_t period);
    void widen(uint32_t words);
    void checkLimit(size_t words) const;
    std::string_view pack(const uint64_t* words, uint32_t count);

    size_t limit_;
    uint32_t stride_ = 1;               // words a group
    std::pmr::vector<uint64_t> words_;  // of whole groups, up to the last that was added to
    std::pmr::vector<char> bytes_;
};

// Numbers words but 0 from 0 on, in the order in which they came first.
class PatternCodes {
  public:
    static constexpr uint32_t kMost = 1 << 16;
    static constexpr uint32_t kNone = UINT32_MAX;

    explicit PatternCodes(std::pmr::memory_resource* resource)
        : slots_(resource), words_(resource) {}

    uint32_t size() const noexcept { return static_cast<uint32_t>(words_.size()); }
    uint64_t word(uint32_t code) const noexcept { return words_[code]; }
    // kNone for a word that would be one too many.
    uint32_t of(uint64_t word);

  private:
    struct Slot {
        uint64_t word;  // 0: free
        uint32_t code;
    };
    void grow();
    Slot& slotOf(uint64_t word) noexcept;

    std::pmr::vector<Slot> slots_;  // open addressing, a power of two
    std::pmr::vector<uint64_t> words_;
};

}  // namespace footfall::behavior
