// Batches of rows to margins and probabilities.
//
// Rows are worked on in blocks that stay in the cache. Linear: one input after the other over the
// block. Trees: one tree after the other over the block, several rows at once down the same number
// of steps; a leaf leads to itself, so that no step asks whether it has arrived.
//
// Immutable once made: it may be shared.
#pragma once

#include "engine/model/model.h"

namespace footfall::model {

class Scorer {
  public:
    explicit Scorer(const Model& model);

    // `features` is row-major, one row of model.features.size() values after the other.
    void margins(std::span<const float> features, std::span<double> margins) const;
    void probabilities(std::span<const float> features, std::span<double> probabilities) const;

  private:
    static constexpr size_t kBlock = 64;

    // Twelve bytes for a step, and the leaf where it ends.
    struct Step {
        float threshold;
        uint32_t input;  // the lowest bit: null goes left
        uint32_t left;
        float leaf;
    };
    struct Root {
        uint32_t node;
        uint32_t depth;
    };

    void linearBlock(const float* features, size_t rows, double* margins) const;
    void treeBlock(const float* features, size_t rows, double* margins) const;

    Calibration calibration_;
    bool marginIsShare_;
    bool linear_;
    bool plain_;  // the inputs are the features
    size_t featureCount_;
    std::vector<Input> inputs_;
    std::vector<double> coefficients_;
    std::vector<double> nullContribution_;
    double intercept_;
    std::vector<Step> steps_;
    std::vector<Root> roots_;
    double scale_ = 1;
};

}  // namespace footfall::model
