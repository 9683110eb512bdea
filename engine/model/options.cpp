// See options.h.
#include "engine/model/options.h"

#include <string>

#include "engine/base/error.h"
#include "engine/model/option_value.h"

namespace footfall::model {

namespace {

constexpr unsigned bit(Algorithm algorithm) {
    return 1U << static_cast<unsigned>(algorithm);
}
constexpr unsigned kTree = bit(Algorithm::DecisionTree);
constexpr unsigned kForest = bit(Algorithm::RandomForest);
constexpr unsigned kBoosting = bit(Algorithm::GradientBoosting);
constexpr unsigned kLinear = bit(Algorithm::LogisticRegression) | bit(Algorithm::LinearSvc);
constexpr unsigned kAll = kTree | kForest | kBoosting | kLinear;

struct Known {
    std::string_view name;
    double Options::*member;
    unsigned algorithms;
    NumberRange range;
};

constexpr double kMany = 1e9;
constexpr Known kKnown[] = {
    {"seed", &Options::seed, kAll, {0, 9007199254740991.0, true}},
    {"test_fraction", &Options::testFraction, kAll, {0.01, 0.9, false}},
    {"calibration_fraction", &Options::calibrationFraction, kAll, {0.01, 0.9, false}},
    {"C", &Options::c, kLinear, {1e-9, kMany, false}},
    {"tol", &Options::tolerance, kLinear, {1e-9, 0.1, false}},
    {"n_estimators", &Options::trees, kForest | kBoosting, {1, 10000, true}},
    {"max_depth", &Options::maxDepth, kTree | kForest | kBoosting, {1, 32, true}},
    {"min_samples_split", &Options::minSamplesSplit, kTree | kForest, {2, kMany, true}},
    {"min_samples_leaf", &Options::minSamplesLeaf, kTree | kForest, {1, kMany, true}},
    {"max_features", &Options::maxFeatures, kTree | kForest, {1, kMany, true}},
    {"max_bin", &Options::maxBins, kTree | kForest | kBoosting, {2, 256, true}},
    {"learning_rate", &Options::learningRate, kBoosting, {1e-6, 1, false}},
    {"subsample", &Options::subsample, kBoosting, {0.01, 1, false}},
    {"colsample_bytree", &Options::columnSample, kBoosting, {0.01, 1, false}},
    {"min_child_weight", &Options::minChildWeight, kBoosting, {0, kMany, false}},
    {"gamma", &Options::gamma, kBoosting, {0, kMany, false}},
    {"reg_lambda", &Options::lambda, kBoosting, {0, kMany, false}},
    {"reg_alpha", &Options::alpha, kBoosting, {0, kMany, false}},
};

void setCalibration(Options& options, std::string_view value) {
    if (value == "platt") {
        options.calibration = CalibrationKind::Platt;
    } else if (value == "isotonic") {
        options.calibration = CalibrationKind::Isotonic;
    } else if (value == "none" && options.algorithm != Algorithm::LinearSvc) {
        options.calibration = CalibrationKind::None;
    } else if (value == "none") {
        base::throwBadArgument("linear_svc gives no probabilities without a calibration");
    } else {
        base::throwBadArgument("calibration is \"platt\", \"isotonic\" or \"none\", not \"%.*s\"",
                               shown(value), value.data());
    }
}

}  // namespace

Options Options::of(Algorithm algorithm) {
    Options options;
    options.algorithm = algorithm;
    // Without limits a single tree learns its rows by heart.
    if (algorithm == Algorithm::DecisionTree)
        options.minSamplesLeaf = 20;
    if (algorithm == Algorithm::RandomForest) {
        options.maxDepth = 12;
        options.minSamplesLeaf = 5;
    }
    return options;
}

void Options::set(std::string_view name, std::string_view value) {
    if (name == "calibration") {
        setCalibration(*this, value);
        return;
    }
    if (name == "class_weight") {
        if (value != "balanced" && value != "none")
            base::throwBadArgument("class_weight is \"balanced\" or \"none\", not \"%.*s\"",
                                   shown(value), value.data());
        balanced = value == "balanced";
        return;
    }
    std::string usable = "seed, test_fraction, calibration_fraction, calibration, class_weight";
    for (const Known& known : kKnown) {
        const bool applies = (known.algorithms & bit(algorithm)) != 0;
        if (applies && known.name == name) {
            this->*known.member = numberOf(known.name, known.range, value);
            return;
        }
        if (applies && known.algorithms != kAll)
            usable += ", " + std::string(known.name);
    }
    throw base::Error(base::ErrorKind::BadArgument, "%s has no option \"%.*s\"", nameOf(algorithm),
                      shown(name), name.data())
        .withHint("It has %s.", usable.c_str());
}

}  // namespace footfall::model
