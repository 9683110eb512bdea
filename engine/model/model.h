// One form for what every algorithm learns.
//
// A model has a margin, a sum over inputs (linear) or over the leaves a row falls into (trees), a
// link from the margin to a raw score, and a calibration from there to a probability.
//
// Trees of a model share one array of nodes. The children of a node are neighbours behind it
// (left, left + 1; left > the node's own number), so a walk from a root always ends; a leaf has
// left = 0. A row goes left when its input is below the threshold; NaN goes where the node says.
// `cover` is the weight of the rows of training in the node, which TreeSHAP needs: a node's is
// positive when it has children.
#pragma once

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/model/calibration.h"
#include "engine/model/feature.h"

namespace footfall::model {

enum class Algorithm : uint8_t {
    LogisticRegression = 1,
    LinearSvc = 2,
    DecisionTree = 3,
    RandomForest = 4,
    GradientBoosting = 5,
};
const char* nameOf(Algorithm algorithm);
// BadArgument, naming the known ones.
Algorithm algorithmNamed(std::string_view name);

struct Node {
    uint32_t left = 0;
    uint32_t input = 0;
    bool nullGoesLeft = false;
    float threshold = 0;  // of a leaf: its value
    float cover = 0;
};

struct Trees {
    std::vector<uint32_t> roots;
    std::vector<Node> nodes;
    // The margin is base + scale * (sum of the leaves).
    double base = 0;
    double scale = 1;
};

struct Linear {
    // In the units of the data: margin = intercept + sum of coefficient * input, an input that is
    // NaN counted as its mean.
    std::vector<double> coefficients;
    double intercept = 0;
    // Of the rows of training; coefficient * deviation is what training has worked on.
    std::vector<double> means;
    std::vector<double> deviations;
};

constexpr uint32_t kMaxDepth = 64;
constexpr uint32_t kMaxNodes = 1U << 24;

struct Model {
    Algorithm algorithm = Algorithm::LogisticRegression;
    std::string label;
    std::vector<Feature> features;
    std::vector<Input> inputs;
    Linear linear;  // of linear models
    Trees trees;    // of the others
    Calibration calibration;

    bool isLinear() const {
        return algorithm == Algorithm::LogisticRegression || algorithm == Algorithm::LinearSvc;
    }
    // Trees and forests have shares of the label as margin, the others log odds or alike.
    bool marginIsShare() const {
        return algorithm == Algorithm::DecisionTree || algorithm == Algorithm::RandomForest;
    }

    void pack(base::ByteWriter& writer) const;
    // CorruptData when the bytes are no model; nothing in them is trusted.
    static Model unpack(base::ByteReader& reader);
};

// The longest way from the root to a leaf, in steps. CorruptData above kMaxDepth.
uint32_t depthOf(const Trees& trees, uint32_t root);

}  // namespace footfall::model
