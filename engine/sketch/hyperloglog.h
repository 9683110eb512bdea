// How many different values: HyperLogLog over 64-bit hashes (Flajolet et al. 2007), with the
// estimator of Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), which
// needs no table of corrections.
//
// A few values are kept as tokens of 32 bits: 26 bits of the hash and the number of zeros that
// follow them, of which the registers of any precision can be made. Counting tokens is all but
// exact. Beyond an eighth of 2^precision tokens there are 2^precision registers of one byte; which
// of the two forms a sketch has depends on the values alone, not on their order.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"

namespace footfall::sketch {

class HyperLogLog {
  public:
    // Below, the estimate is biased, and its error larger than it states.
    static constexpr int64_t kMinPrecision = 8;
    static constexpr int64_t kMaxPrecision = 18;
    static constexpr int64_t kDefaultPrecision = 14;

    explicit HyperLogLog(std::pmr::memory_resource* resource)
        : tokens_(resource), registers_(resource) {}

    // The first precision is kept; another one in the same group, or one that is out of range,
    // throws BadArgument.
    void setPrecision(int64_t precision);
    bool hasPrecision(int64_t precision) const noexcept { return precision_ == precision; }

    // Needs a precision. False when the value is new and there is no room: grow() and try again.
    bool tryAdd(uint64_t hash) noexcept {
        if (registers_.empty())
            return tryAddToken(tokenOf(hash));
        raise(hash);
        return true;
    }
    void grow();
    void add(uint64_t hash) {
        while (!tryAdd(hash))
            grow();
    }

    uint64_t estimate() const;
    // The standard deviation of the estimate relative to the truth, 1.04 / sqrt(registers); what is
    // kept as tokens does better.
    double standardError() const;
    bool empty() const noexcept { return count_ == 0 && registers_.empty(); }

    void pack(base::ByteWriter& writer) const;
    // Adds a packed sketch. BadArgument when both hold values and the precisions differ.
    void unpack(base::ByteReader& reader, size_t limit);

  private:
    static uint32_t tokenOf(uint64_t hash) noexcept;
    bool tryAddToken(uint32_t token) noexcept;
    void addToken(uint32_t token);
    void raiseByToken(uint32_t token) noexcept;
    void raise(uint64_t hash) noexcept;
    size_t maxTokens() const noexcept { return size_t{1} << (precision_ - 3); }
    void rehash(size_t slots);
    void makeRegisters();
    void adoptPrecision(int64_t precision, bool otherEmpty);
    double estimateFromRegisters() const;

    int64_t precision_ = 0;                // 0: not set yet
    size_t count_ = 0;                     // tokens
    std::pmr::vector<uint32_t> tokens_;    // token + 1, 0 is a free slot; a power of two of them
    std::pmr::vector<uint8_t> registers_;  // empty: there are tokens
};

}  // namespace footfall::sketch
