// See active_periods.h.
#include "engine/behavior/active_periods.h"

#include <algorithm>
#include "engine/base/error.h"
#include "engine/base/hash.h"

namespace footfall::behavior {

void checkPeriod(int32_t period) {
    if (period < 0 || period > kMostPeriod)
        base::throwBadArgument("a period is 0 to %d, not %d", kMostPeriod, period);
}

void ActivePeriods::addFirst(uint32_t group, int32_t period) {
    checkPeriod(period);
    const uint32_t word = static_cast<uint32_t>(period) / 64;
    if (word >= stride_)
        widen(word + 1);
    const size_t end = (size_t{group} + 1) * stride_;
    if (end > words_.size()) {
        checkLimit(end);
        // Groups come one after the other: not one allocation each.
        if (end > words_.capacity())
            words_.reserve(std::max(end, std::min(end * 2, limit_ / sizeof(uint64_t))));
        words_.resize(end, 0);
    }
    words_[size_t{group} * stride_ + word] |= uint64_t{1} << (period % 64);
}

void ActivePeriods::checkLimit(size_t words) const {
    if (words * sizeof(uint64_t) > limit_) {
        throw base::Error(base::ErrorKind::OutOfMemory,
                          "the periods of many groups need more than %zu MB", limit_ >> 20)
            .withHint("Number the periods from 0, or raise work_mem.");
    }
}

void ActivePeriods::widen(uint32_t words) {
    const uint32_t stride = std::max(words, stride_ * 2);
    const size_t groups = words_.size() / stride_;
    checkLimit(groups * stride);
    std::pmr::vector<uint64_t> wide(groups * stride, 0, words_.get_allocator());
    for (size_t group = 0; group < groups; ++group) {
        std::copy_n(words_.begin() + static_cast<ptrdiff_t>(group * stride_), stride_,
                    wide.begin() + static_cast<ptrdiff_t>(group * stride));
    }
    words_.swap(wide);
    stride_ = stride;
}

uint32_t ActivePeriods::bits(uint32_t group) const noexcept {
    const size_t begin = size_t{group} * stride_;
    if (begin >= words_.size())
        return 0;
    for (uint32_t word = stride_; word-- > 0;) {
        if (words_[begin + word] != 0)
            return word * 64 + static_cast<uint32_t>(std::bit_width(words_[begin + word]));
    }
    return 0;
}

std::string_view ActivePeriods::bytes(uint32_t group) {
    return pack(words_.data() + size_t{group} * stride_, bits(group));
}

std::string_view ActivePeriods::bytesOf(uint64_t word) {
    return pack(&word, bitsOf(word));
}

std::string_view ActivePeriods::pack(const uint64_t* words, uint32_t count) {
    bytes_.assign((count + 7) / 8, 0);
    for (uint32_t bit = 0; bit < count; ++bit) {
        if ((words[bit / 64] >> (bit % 64) & 1) != 0)
            bytes_[bit / 8] = static_cast<char>(bytes_[bit / 8] | 0x80 >> (bit % 8));
    }
    return {bytes_.data(), bytes_.size()};
}

uint32_t PatternCodes::of(uint64_t word) {
    if (!slots_.empty()) {
        const Slot& found = slotOf(word);
        if (found.word != 0)
            return found.code;
    }
    if (size() == kMost)
        return kNone;
    if (size_t{size()} * 2 >= slots_.size())
        grow();
    const uint32_t code = size();
    words_.push_back(word);
    slotOf(word) = {word, code};
    return code;
}

// The word's own slot, or a free one.
PatternCodes::Slot& PatternCodes::slotOf(uint64_t word) noexcept {
    const size_t mask = slots_.size() - 1;
    size_t at = base::hashInteger(word) & mask;
    while (slots_[at].word != word && slots_[at].word != 0)
        at = (at + 1) & mask;
    return slots_[at];
}

void PatternCodes::grow() {
    slots_.assign(std::max<size_t>(slots_.size() * 2, 64), Slot{});
    for (uint32_t code = 0; code < size(); ++code)
        slotOf(words_[code]) = {words_[code], code};
}

}  // namespace footfall::behavior
