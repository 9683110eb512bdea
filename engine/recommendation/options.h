// What training a recommender can be told, by the usual names, each with its limits and the
// algorithms that know it.
#pragma once

#include <cstdint>
#include <string_view>

namespace footfall::recommendation {

enum class Algorithm : uint8_t { Als = 1, Cosine = 2, Bm25 = 3 };

const char* nameOf(Algorithm algorithm);
// BadArgument, naming the known ones.
Algorithm algorithmNamed(std::string_view name);

// Beyond these a recommender would not be better, only larger.
constexpr double kMaxFactors = 512;
constexpr double kMaxNeighbors = 1000;

struct Options {
    Algorithm algorithm = Algorithm::Als;
    // Of every algorithm.
    double seed = 0;
    double testFraction = 0.2;     // of the events, the latest; 0: nothing is judged
    double k = 10;                 // how many recommendations are judged
    double testCustomers = 10000;  // how many customers they are judged by, at most
    bool refit = true;             // having been judged, learn from all events
    // Alternating least squares.
    double factors = 64;
    double iterations = 15;
    double regularization = 0.01;
    double alpha = 1;
    // Items beside items.
    double neighbors = 50;
    double k1 = 1.2;
    double b = 0.75;

    static Options of(Algorithm algorithm);
    // BadArgument names an unknown option, one that the algorithm does not know, or the limits.
    void set(std::string_view name, std::string_view value);
};

}  // namespace footfall::recommendation
