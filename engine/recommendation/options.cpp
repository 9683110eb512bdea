// See options.h.
#include "engine/recommendation/options.h"

#include <string>

#include "engine/base/error.h"
#include "engine/model/option_value.h"

namespace footfall::recommendation {

namespace {

constexpr unsigned bit(Algorithm algorithm) {
    return 1U << static_cast<unsigned>(algorithm);
}
constexpr unsigned kAls = bit(Algorithm::Als);
constexpr unsigned kBm25 = bit(Algorithm::Bm25);
constexpr unsigned kItems = bit(Algorithm::Cosine) | kBm25;
constexpr unsigned kAll = kAls | kItems;

struct Known {
    std::string_view name;
    double Options::*member;
    unsigned algorithms;
    model::NumberRange range;
};

constexpr Known kKnown[] = {
    {"seed", &Options::seed, kAll, {0, 9007199254740991.0, true}},
    {"test_fraction", &Options::testFraction, kAll, {0, 0.9, false}},
    {"k", &Options::k, kAll, {1, 1000, true}},
    {"test_customers", &Options::testCustomers, kAll, {1, 1e9, true}},
    {"factors", &Options::factors, kAls, {1, kMaxFactors, true}},
    {"iterations", &Options::iterations, kAls, {1, 1000, true}},
    {"regularization", &Options::regularization, kAls, {0, 1e6, false}},
    {"alpha", &Options::alpha, kAls, {1e-6, 1e6, false}},
    {"neighbors", &Options::neighbors, kItems, {1, kMaxNeighbors, true}},
    {"K1", &Options::k1, kBm25, {0, 1e6, false}},
    {"B", &Options::b, kBm25, {0, 1, false}},
};

struct NamedAlgorithm {
    Algorithm algorithm;
    const char* name;
};
constexpr NamedAlgorithm kAlgorithms[] = {
    {Algorithm::Als, "als"}, {Algorithm::Cosine, "cosine"}, {Algorithm::Bm25, "bm25"}};

}  // namespace

const char* nameOf(Algorithm algorithm) {
    for (const auto& [known, name] : kAlgorithms) {
        if (known == algorithm)
            return name;
    }
    base::throwInternal("there is no algorithm %d", static_cast<int>(algorithm));
}

Algorithm algorithmNamed(std::string_view wanted) {
    for (const auto& [algorithm, name] : kAlgorithms) {
        if (wanted == name)
            return algorithm;
    }
    throw base::Error(base::ErrorKind::BadArgument, "there is no algorithm \"%.*s\"",
                      model::shown(wanted), wanted.data())
        .withHint("Known for recommendations are als, cosine and bm25.");
}

Options Options::of(Algorithm algorithm) {
    Options options;
    options.algorithm = algorithm;
    return options;
}

void Options::set(std::string_view name, std::string_view value) {
    if (name == "refit") {
        if (value != "true" && value != "false")
            base::throwBadArgument("option \"refit\" is true or false, not \"%.*s\"",
                                   model::shown(value), value.data());
        refit = value == "true";
        return;
    }
    std::string usable = "refit";
    for (const Known& known : kKnown) {
        const bool applies = (known.algorithms & bit(algorithm)) != 0;
        if (applies && known.name == name) {
            this->*known.member = model::numberOf(known.name, known.range, value);
            return;
        }
        if (applies)
            usable += ", " + std::string(known.name);
    }
    throw base::Error(base::ErrorKind::BadArgument, "%s has no option \"%.*s\"", nameOf(algorithm),
                      model::shown(name), name.data())
        .withHint("It has %s.", usable.c_str());
}

}  // namespace footfall::recommendation
