// What training can be told, by the usual names, each with its limits and the algorithms that know
// it.
#pragma once

#include <string_view>

#include "engine/model/model.h"

namespace footfall::model {

struct Options {
    Algorithm algorithm = Algorithm::LogisticRegression;
    // Of every algorithm.
    double seed = 0;
    double testFraction = 0.2;
    double calibrationFraction = 0.2;  // of the rows that are not for testing
    CalibrationKind calibration = CalibrationKind::Platt;
    bool balanced = false;  // classes count the same, however many rows they have
    // Linear.
    double c = 1;
    double tolerance = 1e-4;
    // Trees. 0: no limit, or what the algorithm takes for best.
    double trees = 100;
    double maxDepth = 6;
    double minSamplesSplit = 2;
    double minSamplesLeaf = 1;
    double maxFeatures = 0;  // 0: all (tree), the square root (forest)
    double maxBins = 256;
    // Boosting.
    double learningRate = 0.1;
    double subsample = 1;
    double columnSample = 1;
    double minChildWeight = 1;
    double gamma = 0;
    double lambda = 1;
    double alpha = 0;

    static Options of(Algorithm algorithm);
    // BadArgument names an unknown option, one that the algorithm does not know, or the limits.
    void set(std::string_view name, std::string_view value);
};

}  // namespace footfall::model
