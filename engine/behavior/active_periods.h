// In which periods, numbered from 0, each of many groups was seen.
//
// A row of bits a group, as long as the latest period of any of them asks for.
#pragma once

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
    void clear() noexcept { words_.clear(); }

  private:
    // Where the words do not reach yet, or the period is refused.
    void addFirst(uint32_t group, int32_t period);
    void widen(uint32_t words);
    void checkLimit(size_t words) const;

    size_t limit_;
    uint32_t stride_ = 1;               // words a group
    std::pmr::vector<uint64_t> words_;  // of whole groups, up to the last that was added to
    std::pmr::vector<char> bytes_;
};

}  // namespace footfall::behavior
