// How good probabilities are, against what happened.
//
// Definitions are the usual ones: ROC AUC with ties counted half; PR AUC as average precision (a
// step curve, ties together); Kolmogorov-Smirnov as the greatest distance of the two classes'
// distributions; accuracy, precision, recall and F1 at a probability of 0.5. Lift and calibration
// are of ten groups of equal size by probability, the likeliest first for lift, the least likely
// first for calibration.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace footfall::model {

struct ProbabilityBin {
    uint64_t rows = 0;
    double probability = 0;  // mean of what was said
    double rate = 0;         // share that it happened to
};

struct Metrics {
    uint64_t rows = 0;
    uint64_t positives = 0;
    double rocAuc = 0;
    double prAuc = 0;
    double logLoss = 0;
    double brier = 0;
    double ks = 0;
    double accuracy = 0;
    double precision = 0;
    double recall = 0;
    double f1 = 0;
    uint64_t truePositives = 0, falsePositives = 0, trueNegatives = 0, falseNegatives = 0;
    // Mean distance of what was said and what happened, over the bins.
    double calibrationError = 0;
    std::vector<double> lift;  // of the first decile, the second, ...
    std::vector<ProbabilityBin> bins;
};

// BadArgument unless both classes are there.
Metrics evaluate(std::span<const double> probabilities, std::span<const uint8_t> labels);
double rocAuc(std::span<const double> scores, std::span<const uint8_t> labels);

// As rows of a table: a name, what of it (a decile, a cell; empty for plain numbers), the value.
struct MetricRow {
    std::string metric;
    std::string item;
    double value;
};
std::vector<MetricRow> rowsOf(const Metrics& metrics);

}  // namespace footfall::model
