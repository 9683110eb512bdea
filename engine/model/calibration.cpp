// See calibration.h.
#include "engine/model/calibration.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace footfall::model {

namespace {

double logistic(double x) {
    if (x >= 0)
        return 1 / (1 + std::exp(-x));
    const double e = std::exp(x);
    return e / (1 + e);
}

// -log likelihood of target `t` when the probability is 1 / (1 + exp(f)), without overflow.
double loss(double t, double f) {
    return f >= 0 ? t * f + std::log1p(std::exp(-f)) : (t - 1) * f + std::log1p(std::exp(f));
}

}  // namespace

double Calibration::probability(double margin, bool isShare) const {
    switch (kind) {
        case CalibrationKind::None:
            return isShare ? std::clamp(margin, 0.0, 1.0) : logistic(margin);
        case CalibrationKind::Platt:
            return logistic(-(slope * margin + offset));
        case CalibrationKind::Isotonic:
            break;
    }
    const auto above = std::ranges::upper_bound(margins, margin);
    if (above == margins.begin())
        return probabilities.front();
    if (above == margins.end())
        return probabilities.back();
    const auto i = static_cast<size_t>(above - margins.begin());
    const double share = (margin - margins[i - 1]) / (margins[i] - margins[i - 1]);
    return probabilities[i - 1] + share * (probabilities[i] - probabilities[i - 1]);
}

Calibration fitPlatt(std::span<const double> margins, std::span<const uint8_t> labels) {
    const double positives = std::accumulate(labels.begin(), labels.end(), 0.0);
    const double negatives = static_cast<double>(labels.size()) - positives;
    const double high = (positives + 1) / (positives + 2);
    const double low = 1 / (negatives + 2);

    // Worked on margins of mean 0 and deviation 1: their scale is the algorithm's.
    const double n = static_cast<double>(margins.size());
    const double mean = std::accumulate(margins.begin(), margins.end(), 0.0) / n;
    double squares = 0;
    for (const double margin : margins)
        squares += (margin - mean) * (margin - mean);
    const double scale = squares > 0 ? std::sqrt(squares / n) : 1;

    const auto objective = [&](double a, double b) {
        double sum = 0;
        for (size_t i = 0; i < margins.size(); i++)
            sum += loss(labels[i] != 0 ? high : low, a * (margins[i] - mean) / scale + b);
        return sum;
    };
    double a = 0;
    double b = std::log((negatives + 1) / (positives + 1));
    double value = objective(a, b);
    constexpr int kMaxSteps = 100;
    for (int step = 0; step < kMaxSteps; step++) {
        constexpr double kRidge = 1e-12;
        double h11 = kRidge, h22 = kRidge, h21 = 0, g1 = 0, g2 = 0;
        for (size_t i = 0; i < margins.size(); i++) {
            const double x = (margins[i] - mean) / scale;
            const double p = logistic(-(a * x + b));
            const double d1 = (labels[i] != 0 ? high : low) - p;
            const double d2 = p * (1 - p);
            h11 += x * x * d2;
            h22 += d2;
            h21 += x * d2;
            g1 += x * d1;
            g2 += d1;
        }
        constexpr double kSmallGradient = 1e-9;
        if (std::abs(g1) < kSmallGradient * n && std::abs(g2) < kSmallGradient * n)
            break;
        const double determinant = h11 * h22 - h21 * h21;
        const double da = -(h22 * g1 - h21 * g2) / determinant;
        const double db = -(-h21 * g1 + h11 * g2) / determinant;
        const double slope = g1 * da + g2 * db;
        double size = 1;
        constexpr double kMinSize = 1e-10;
        for (; size >= kMinSize; size /= 2) {
            const double next = objective(a + size * da, b + size * db);
            if (next < value + 1e-4 * size * slope) {
                a += size * da;
                b += size * db;
                value = next;
                break;
            }
        }
        if (size < kMinSize)
            break;
    }
    Calibration result;
    result.kind = CalibrationKind::Platt;
    result.slope = a / scale;
    result.offset = b - a * mean / scale;
    return result;
}

Calibration fitIsotonic(std::span<const double> margins, std::span<const uint8_t> labels) {
    std::vector<uint32_t> order(margins.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](uint32_t row) { return margins[row]; });

    struct Block {
        double least;
        double greatest;
        double positives;
        double rows;
    };
    std::vector<Block> blocks;
    const auto share = [](const Block& block) { return block.positives / block.rows; };
    for (size_t i = 0; i < order.size();) {
        // Equal margins are one block from the start: they must get one probability.
        Block block{margins[order[i]], margins[order[i]], 0, 0};
        for (; i < order.size() && margins[order[i]] == block.least; i++) {
            block.positives += labels[order[i]];
            block.rows += 1;
        }
        while (!blocks.empty() && share(blocks.back()) >= share(block)) {
            const Block& before = blocks.back();
            block = {before.least, block.greatest, before.positives + block.positives,
                     before.rows + block.rows};
            blocks.pop_back();
        }
        blocks.push_back(block);
    }
    Calibration result;
    result.kind = CalibrationKind::Isotonic;
    for (const Block& block : blocks) {
        result.margins.push_back(block.least);
        result.probabilities.push_back(share(block));
        if (block.greatest > block.least) {
            result.margins.push_back(block.greatest);
            result.probabilities.push_back(share(block));
        }
    }
    return result;
}

}  // namespace footfall::model
