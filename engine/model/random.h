// Random numbers that are the same on every platform: xoshiro256** seeded by splitmix64.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace footfall::model {

class Random {
  public:
    explicit Random(uint64_t seed, uint64_t stream = 0) {
        uint64_t state = seed ^ (stream * 0x9e3779b97f4a7c15U + 0x632be59bd9b4e019U);
        for (uint64_t& word : state_) {
            state += 0x9e3779b97f4a7c15U;
            uint64_t mixed = state;
            mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
            mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
            word = mixed ^ (mixed >> 31);
        }
    }

    uint64_t next() {
        const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
        const uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }
    // Below `limit`, which is less than 2^32. The bias is below 2^-32.
    uint32_t below(uint64_t limit) { return static_cast<uint32_t>(((next() >> 32) * limit) >> 32); }
    double fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    template <class T>
    void shuffle(std::vector<T>& values) {
        for (size_t i = values.size(); i > 1; i--)
            std::swap(values[i - 1], values[below(i)]);
    }

  private:
    uint64_t state_[4];
};

}  // namespace footfall::model
