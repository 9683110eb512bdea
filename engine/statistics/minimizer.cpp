// See minimizer.h.
#include "engine/statistics/minimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace footfall::statistics {

namespace {

constexpr int kMaxIterations = 1000;
constexpr int kMaxHalvings = 80;
constexpr double kGradientWanted = 1e-9;
// Where rounding ends the search, such a gradient still is a minimum.
constexpr double kGradientAccepted = 1e-5;
// The variables are logarithms: a first step beyond this would be a leap into nowhere.
constexpr double kLongestStep = 2;

double dot(std::span<const double> a, std::span<const double> b) {
    double result = 0;
    for (size_t i = 0; i < a.size(); i++)
        result += a[i] * b[i];
    return result;
}

double largest(std::span<const double> values) {
    double result = 0;
    for (double value : values)
        result = std::max(result, std::fabs(value));
    return result;
}

struct Point {
    std::vector<double> at;
    std::vector<double> gradient;
    double value = std::numeric_limits<double>::infinity();
};

class Search {
  public:
    Search(const Objective& objective, std::vector<double> start)
        : objective_(objective), n_(start.size()), inverse_(n_ * n_), direction_(n_) {
        here_.at = std::move(start);
        here_.gradient.resize(n_);
        there_ = here_;
        here_.value = objective_(here_.at, here_.gradient);
        forget();
    }

    Minimum run() {
        for (int i = 0; i < kMaxIterations; i++) {
            if (!std::isfinite(here_.value) || largest(here_.gradient) <= kGradientWanted)
                break;
            if (!step()) {
                // The curvature collected so far may mislead: once more along the gradient.
                forget();
                if (!step())
                    break;
            }
        }
        const bool converged =
            std::isfinite(here_.value) && largest(here_.gradient) <= kGradientAccepted;
        return {here_.at, here_.value, converged};
    }

  private:
    void forget() {
        std::ranges::fill(inverse_, 0);
        for (size_t i = 0; i < n_; i++)
            inverse_[i * n_ + i] = 1;
    }

    // Moves to a better point; false when there is none in the direction that looks best.
    bool step() {
        for (size_t i = 0; i < n_; i++) {
            direction_[i] = 0;
            for (size_t j = 0; j < n_; j++)
                direction_[i] -= inverse_[i * n_ + j] * here_.gradient[j];
        }
        const double slope = dot(direction_, here_.gradient);
        if (!(slope < 0))
            return false;
        constexpr double kDecrease = 1e-4;
        constexpr double kCurvature = 0.9;
        double low = 0;
        double high = std::numeric_limits<double>::infinity();
        double length = std::min(1.0, kLongestStep / largest(direction_));
        for (int i = 0; i < kMaxHalvings; i++) {
            for (size_t j = 0; j < n_; j++)
                there_.at[j] = here_.at[j] + length * direction_[j];
            there_.value = objective_(there_.at, there_.gradient);
            if (!std::isfinite(there_.value) ||
                there_.value > here_.value + kDecrease * length * slope) {
                high = length;
            } else if (dot(there_.gradient, direction_) < kCurvature * slope) {
                low = length;
            } else {
                update();
                std::swap(here_, there_);
                return true;
            }
            length = std::isinf(high) ? 2 * low : 0.5 * (low + high);
        }
        return false;
    }

    // inverse := (I - r s y') inverse (I - r y s') + r s s', r = 1 / s'y
    void update() {
        std::vector<double> s(n_);
        std::vector<double> y(n_);
        std::vector<double> inverseY(n_, 0);
        for (size_t i = 0; i < n_; i++) {
            s[i] = there_.at[i] - here_.at[i];
            y[i] = there_.gradient[i] - here_.gradient[i];
        }
        const double curvature = dot(s, y);
        if (!(curvature > 0))
            return;
        for (size_t i = 0; i < n_; i++) {
            for (size_t j = 0; j < n_; j++)
                inverseY[i] += inverse_[i * n_ + j] * y[j];
        }
        const double factor = (1 + dot(y, inverseY) / curvature) / curvature;
        for (size_t i = 0; i < n_; i++) {
            for (size_t j = 0; j < n_; j++)
                inverse_[i * n_ + j] +=
                    factor * s[i] * s[j] - (inverseY[i] * s[j] + s[i] * inverseY[j]) / curvature;
        }
    }

    const Objective& objective_;
    size_t n_;
    std::vector<double> inverse_;
    std::vector<double> direction_;
    Point here_;
    Point there_;
};

}  // namespace

Minimum minimize(const Objective& objective, std::vector<double> start) {
    return Search(objective, std::move(start)).run();
}

}  // namespace footfall::statistics
