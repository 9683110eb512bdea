// From a margin to a probability: Platt's sigmoid (with his targets, by Newton's method after Lin,
// Lin and Weng 2007) and isotonic regression (pooling adjacent violators).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace footfall::model {

enum class CalibrationKind : uint8_t { None = 0, Platt = 1, Isotonic = 2 };

struct Calibration {
    CalibrationKind kind = CalibrationKind::None;
    // Platt: 1 / (1 + exp(slope * margin + offset)).
    double slope = 0;
    double offset = 0;
    // Isotonic: straight lines between these points, both ascending.
    std::vector<double> margins;
    std::vector<double> probabilities;

    // `isShare`: what an uncalibrated margin means.
    double probability(double margin, bool isShare) const;
};

// Margins are finite, both classes are there.
Calibration fitPlatt(std::span<const double> margins, std::span<const uint8_t> labels);
Calibration fitIsotonic(std::span<const double> margins, std::span<const uint8_t> labels);

}  // namespace footfall::model
