// Which conditions a customer met at all, whenever that was, given that the first one was met.
//
// The state is one word: the number of conditions in the upper half, those met in the lower. So it
// travels by value, and combining is a bitwise or.
#pragma once

#include <cstdint>

#include "engine/base/error.h"
#include "engine/behavior/step_event.h"

namespace footfall::behavior {

class Retention {
  public:
    Retention(uint32_t conditions, uint32_t met) noexcept
        : word_(uint64_t{conditions} << 32 | met) {}
    explicit Retention(uint64_t word) noexcept : word_(word) {}

    uint64_t word() const noexcept { return word_; }
    uint32_t conditions() const noexcept { return static_cast<uint32_t>(word_ >> 32); }
    // Bit i: condition i + 1 was met, and so was the first.
    uint32_t retained() const noexcept {
        return (word_ & 1) != 0 ? static_cast<uint32_t>(word_) : 0;
    }
    void add(const Retention& other) {
        if (conditions() != other.conditions())
            base::throwBadArgument("the number of conditions varies within a group");
        word_ |= other.word_;
    }

  private:
    uint64_t word_;
};

}  // namespace footfall::behavior
