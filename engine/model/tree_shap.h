// What each input contributed to a row's margin.
//
// Trees: TreeSHAP (Lundberg et al. 2018, algorithm 2), the path-dependent form, which is exact for
// the expectation over the cover of training. Linear: coefficient * (input - its mean), exact for
// independent inputs. In both the bias is the mean margin over training, and bias plus
// contributions equal the margin.
#pragma once

#include "engine/model/model.h"

namespace footfall::model {

struct Contributions {
    double bias = 0;
    std::vector<double> inputs;  // one an input
};

Contributions contributionsOf(const Model& model, std::span<const float> features);

// The same, added up by feature: a category's inputs are one column to people.
std::vector<double> byFeature(const Model& model, const Contributions& contributions);

}  // namespace footfall::model
