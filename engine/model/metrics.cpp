// See metrics.h.
#include "engine/model/metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"

namespace footfall::model {

namespace {

constexpr size_t kBins = 10;

// Rows by falling score; equal ones in the order of the data, so that deciles do not depend on how
// a sort treats them.
std::vector<uint32_t> byFallingScore(std::span<const double> scores) {
    std::vector<uint32_t> order(scores.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, std::greater<>{}, [&](uint32_t row) { return scores[row]; });
    return order;
}

struct Ranking {
    double rocAuc = 0;
    double prAuc = 0;
    double ks = 0;
};

Ranking rank(std::span<const double> scores, std::span<const uint8_t> labels,
             std::span<const uint32_t> order, double positives, double negatives) {
    Ranking result;
    double truePositives = 0;
    double falsePositives = 0;
    for (size_t i = 0; i < order.size();) {
        double foundPositives = 0;
        double foundNegatives = 0;
        const double score = scores[order[i]];
        for (; i < order.size() && scores[order[i]] == score; i++)
            (labels[order[i]] != 0 ? foundPositives : foundNegatives) += 1;
        result.rocAuc += foundNegatives * (truePositives + foundPositives / 2);
        truePositives += foundPositives;
        falsePositives += foundNegatives;
        result.prAuc += foundPositives * truePositives / (truePositives + falsePositives);
        result.ks =
            std::max(result.ks, std::abs(truePositives / positives - falsePositives / negatives));
    }
    result.rocAuc /= positives * negatives;
    result.prAuc /= positives;
    return result;
}

double positivesAmong(std::span<const uint8_t> labels) {
    const double positives = std::accumulate(labels.begin(), labels.end(), 0.0);
    if (positives == 0 || positives == static_cast<double>(labels.size()))
        base::throwBadArgument("a model cannot be judged by %zu rows of one class", labels.size());
    return positives;
}

void addBins(Metrics& metrics, std::span<const double> probabilities,
             std::span<const uint8_t> labels, std::span<const uint32_t> order) {
    const size_t n = order.size();
    const double rate = static_cast<double>(metrics.positives) / static_cast<double>(n);
    for (size_t bin = 0; bin < kBins; bin++) {
        ProbabilityBin found;
        for (size_t i = bin * n / kBins; i < (bin + 1) * n / kBins; i++) {
            found.rows++;
            found.probability += probabilities[order[i]];
            found.rate += labels[order[i]];
        }
        if (found.rows == 0)
            continue;
        const auto rows = static_cast<double>(found.rows);
        found.probability /= rows;
        found.rate /= rows;
        metrics.lift.push_back(found.rate / rate);
        metrics.calibrationError +=
            rows / static_cast<double>(n) * std::abs(found.probability - found.rate);
        metrics.bins.push_back(found);
    }
    std::ranges::reverse(metrics.bins);
}

}  // namespace

double rocAuc(std::span<const double> scores, std::span<const uint8_t> labels) {
    const double positives = positivesAmong(labels);
    return rank(scores, labels, byFallingScore(scores), positives,
                static_cast<double>(labels.size()) - positives)
        .rocAuc;
}

Metrics evaluate(std::span<const double> probabilities, std::span<const uint8_t> labels) {
    const double positives = positivesAmong(labels);
    const auto n = static_cast<double>(labels.size());
    const auto order = byFallingScore(probabilities);
    Metrics metrics;
    metrics.rows = labels.size();
    metrics.positives = static_cast<uint64_t>(positives);
    const Ranking ranking = rank(probabilities, labels, order, positives, n - positives);
    metrics.rocAuc = ranking.rocAuc;
    metrics.prAuc = ranking.prAuc;
    metrics.ks = ranking.ks;
    for (size_t i = 0; i < labels.size(); i++) {
        const double p = probabilities[i];
        const bool happened = labels[i] != 0;
        constexpr double kLeast = 1e-15;
        metrics.logLoss -= std::log(std::max(happened ? p : 1 - p, kLeast));
        metrics.brier += (p - labels[i]) * (p - labels[i]);
        if (p >= 0.5) {
            (happened ? metrics.truePositives : metrics.falsePositives)++;
        } else {
            (happened ? metrics.falseNegatives : metrics.trueNegatives)++;
        }
    }
    metrics.logLoss /= n;
    metrics.brier /= n;
    const auto hits = static_cast<double>(metrics.truePositives);
    const auto said = static_cast<double>(metrics.truePositives + metrics.falsePositives);
    metrics.accuracy = (hits + static_cast<double>(metrics.trueNegatives)) / n;
    metrics.precision = said > 0 ? hits / said : 0;
    metrics.recall = hits / positives;
    metrics.f1 = hits > 0
                     ? 2 * metrics.precision * metrics.recall / (metrics.precision + metrics.recall)
                     : 0;
    addBins(metrics, probabilities, labels, order);
    return metrics;
}

std::vector<MetricRow> rowsOf(const Metrics& metrics) {
    std::vector<MetricRow> rows = {
        {"rows", "", static_cast<double>(metrics.rows)},
        {"positives", "", static_cast<double>(metrics.positives)},
        {"roc_auc", "", metrics.rocAuc},
        {"pr_auc", "", metrics.prAuc},
        {"log_loss", "", metrics.logLoss},
        {"brier", "", metrics.brier},
        {"ks", "", metrics.ks},
        {"accuracy", "", metrics.accuracy},
        {"precision", "", metrics.precision},
        {"recall", "", metrics.recall},
        {"f1", "", metrics.f1},
        {"calibration_error", "", metrics.calibrationError},
        {"confusion", "true positive", static_cast<double>(metrics.truePositives)},
        {"confusion", "false positive", static_cast<double>(metrics.falsePositives)},
        {"confusion", "true negative", static_cast<double>(metrics.trueNegatives)},
        {"confusion", "false negative", static_cast<double>(metrics.falseNegatives)},
    };
    for (size_t i = 0; i < metrics.lift.size(); i++)
        rows.push_back({"lift", std::to_string(i + 1), metrics.lift[i]});
    for (size_t i = 0; i < metrics.bins.size(); i++) {
        rows.push_back({"calibration said", std::to_string(i + 1), metrics.bins[i].probability});
        rows.push_back({"calibration happened", std::to_string(i + 1), metrics.bins[i].rate});
    }
    return rows;
}

}  // namespace footfall::model
