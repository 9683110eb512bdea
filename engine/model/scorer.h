// Batches of rows to margins and probabilities.
//
// Rows are worked on in blocks that stay in the cache. Linear: one input after the other over the
// block. Trees: one tree after the other over the block, several rows at once down the same number
// of steps, without a branch; fewer rows than that go down several trees at once.
//
// What a step compares stands in a column of the block that is made before: the input itself, where
// null goes left (NaN reaches no threshold), or with infinity for null, where it goes right.
// Shallow trees are filled up to the same depth, so that children have computed places and a step
// is eight bytes; in deep ones a step names its left child, and a leaf leads to itself.
//
// A row's leaves are added in the order of the trees, so that its margin does not depend on how
// many rows are scored together.
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
    static constexpr size_t kAtOnce = 8;
    static constexpr uint32_t kMaxFilledDepth = 8;

    struct Column {
        Input input;
        bool nullIsInfinite;
    };
    // `column` counts values of a block, not columns.
    struct FilledStep {
        float threshold;
        uint32_t column;
    };
    struct LinkedStep {
        float threshold;
        uint32_t column;
        uint32_t left;
        float leaf;
    };
    struct Root {
        uint32_t node;
        uint32_t depth;
    };

    void fill(const Trees& trees, const std::vector<uint32_t>& columnOf);
    void link(const Trees& trees, const std::vector<uint32_t>& columnOf);
    void linearBlock(const float* features, size_t rows, double* margins) const;
    void expand(const float* features, size_t rows, float* columns) const;
    void filledTrees(const float* columns, size_t rows, double* margins) const;
    void linkedTrees(const float* columns, size_t rows, double* margins) const;

    Calibration calibration_;
    bool marginIsShare_;
    bool linear_;
    size_t featureCount_;
    std::vector<Input> inputs_;
    std::vector<double> coefficients_;
    std::vector<double> nullContribution_;
    double intercept_;
    std::vector<Column> columns_;
    // Filled trees: 2^depth - 1 steps and 2^depth leaves a tree.
    uint32_t filledDepth_ = 0;
    size_t filledTrees_ = 0;
    std::vector<FilledStep> filled_;
    std::vector<float> leaves_;
    std::vector<LinkedStep> linked_;
    std::vector<Root> roots_;
    double scale_ = 1;
};

}  // namespace footfall::model
