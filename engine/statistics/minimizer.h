// Finds the minimum of a smooth function of a few variables: BFGS with a weak Wolfe line search.
//
// The line search brackets by doubling and halving, which always ends for a function that is
// bounded below, and keeps the curvature positive, so that the inverse Hessian needs no repair.
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace footfall::statistics {

// Gives the value at `at` and writes the gradient; a value that is not finite is a wall.
using Objective = std::function<double(std::span<const double> at, std::span<double> gradient)>;

struct Minimum {
    std::vector<double> at;
    double value;
    bool converged;  // the gradient vanishes, as far as rounding lets it
};

Minimum minimize(const Objective& objective, std::vector<double> start);

}  // namespace footfall::statistics
