// Random numbers that are the same on every machine for the same seed.
//
// xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021),
// seeded through splitmix64. The standard library's distributions are left alone because each
// implementation may give other numbers for the same engine.
#pragma once

#include <cmath>
#include <cstdint>

namespace footfall::simulator {

// One step of splitmix64: spreads a small integer (a seed, a number) over 64 bits.
inline uint64_t mixBits(uint64_t value) {
    value += 0x9e3779b97f4a7c15ULL;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

class Random {
  public:
    // Streams of one seed are independent of each other, so that a change to what one part of the
    // shop draws leaves the others as they were.
    Random(uint64_t seed, uint64_t stream) {
        uint64_t state = mixBits(seed) ^ mixBits(~stream);
        for (uint64_t& word : words_) {
            state = mixBits(state);
            word = state;
        }
    }

    uint64_t next() {
        const uint64_t result = rotate(words_[0] + words_[3], 23) + words_[0];
        const uint64_t shifted = words_[1] << 17;
        words_[2] ^= words_[0];
        words_[3] ^= words_[1];
        words_[1] ^= words_[2];
        words_[0] ^= words_[3];
        words_[2] ^= shifted;
        words_[3] = rotate(words_[3], 45);
        return result;
    }

    // In [0, 1).
    double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    // In [0, limit); limit > 0.
    uint32_t below(uint32_t limit) {
        return static_cast<uint32_t>(((next() >> 32) * static_cast<uint64_t>(limit)) >> 32);
    }

    bool chance(double probability) { return uniform() < probability; }

    // Mean 1.
    double exponential() { return -std::log1p(-uniform()); }

    // Mean 0, standard deviation 1 (Marsaglia's polar method; the second value is dropped, so that
    // a draw depends on nothing but the state).
    double normal() {
        for (;;) {
            const double x = 2 * uniform() - 1;
            const double y = 2 * uniform() - 1;
            const double square = x * x + y * y;
            if (square > 0 && square < 1) {
                return x * std::sqrt(-2 * std::log(square) / square);
            }
        }
    }

    // Gamma with the given shape and scale 1 (Marsaglia and Tsang, "A simple method for generating
    // gamma variables", 2000; shapes below 1 by their boost).
    double gamma(double shape) {
        if (shape < 1) {
            const double boost = std::pow(1 - uniform(), 1 / shape);
            return gamma(shape + 1) * boost;
        }
        const double d = shape - 1.0 / 3;
        const double c = 1 / std::sqrt(9 * d);
        for (;;) {
            const double x = normal();
            const double v = (1 + c * x) * (1 + c * x) * (1 + c * x);
            if (v > 0 && std::log1p(-uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) {
                return d * v;
            }
        }
    }

  private:
    static uint64_t rotate(uint64_t value, int bits) {
        return (value << bits) | (value >> (64 - bits));
    }

    uint64_t words_[4];
};

}  // namespace footfall::simulator
